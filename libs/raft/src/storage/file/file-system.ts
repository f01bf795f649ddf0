/**
 * The little of a file system that the file store needs. Everything completes later through a
 * callback (`failure` null when it went well) and nothing is synchronous, so that the same store
 * runs on a real disk and on a simulated one that loses, tears and flips what was not synced.
 */
export interface FileSystem {
  /** With its parents, durably; no failure when it is there already. */
  makeDirectory(path: string, done: Completion): void;
  list(path: string, done: Answer<readonly string[]>): void;
  open(path: string, mode: OpenMode, done: Answer<OpenFile>): void;
  rename(from: string, to: string, done: Completion): void;
  remove(path: string, done: Completion): void;
  /** Names that were created, renamed or removed in it are durable after this, and not before. */
  syncDirectory(path: string, done: Completion): void;
  /** What an ordinary process may still write there. */
  freeBytes(path: string, done: Answer<number>): void;
}

/** `create`: the file must not be there yet. `log`: for `writeDurably`. All but `read` may also read. */
export type OpenMode = 'read' | 'write' | 'create' | 'log';

export interface OpenFile {
  /** All the buffers, one after the other, from `position` on; the file grows as needed. */
  write(buffers: readonly Uint8Array[], position: number, done: Completion): void;
  /** `write` and `sync`, in one call of the system where it has one; says which of the two failed. */
  writeDurably(buffers: readonly Uint8Array[], position: number, done: DurableCompletion): void;
  /** Fills `into` unless the file ends before; answers the number of bytes read. */
  read(into: Uint8Array, position: number, done: Answer<number>): void;
  /** The bytes and the length are durable after this (fdatasync); the name is the directory's. */
  sync(done: Completion): void;
  truncate(length: number, done: Completion): void;
  size(done: Answer<number>): void;
  close(done: Completion): void;
}

export type Failure = Error & { readonly code?: string | undefined };
export type Completion = (failure: Failure | null) => void;
export type DurableCompletion = (failure: Failure | null, failedAt?: 'write' | 'sync') => void;
export type Answer<T> = (failure: Failure | null, value?: T) => void;
