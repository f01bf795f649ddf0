import type { DurableWrite } from '../core/effects.ts';
import type { DurableState, SnapshotMeta } from '../core/entry.ts';
import type { LogIndex } from '../core/ids.ts';

/**
 * - `full`: nothing of the write is there; the same store works again when there is room.
 * - `broken`: what the disk holds is unknown (a failed sync). Never retried; the process ends.
 */
export interface StorageFailure {
  readonly kind: 'full' | 'broken';
  readonly detail: string;
}

/** Called exactly once, never from inside the call that took it. */
export type Done = (failure?: StorageFailure) => void;

/**
 * What survives a crash of one group on one node. Callbacks, not promises: a write completes once per
 * batch, and a simulated store must be able to complete it at any moment of virtual time.
 */
export interface LogStore {
  load(): Promise<DurableState>;

  /** Writes are atomic, complete in the order of `write.id`, and are durable when `done` is called. */
  write(write: DurableWrite, done: Done): void;

  /** Drops the log up to and including `index`; lazily, and safe to lose. */
  compact(index: LogIndex): void;

  /** A snapshot becomes visible as a whole, when `finish` is done: durable, and never half there. */
  createSnapshot(meta: SnapshotMeta): SnapshotWriter;

  /**
   * Reads from the durable snapshot at `index`, verified; `bytes` undefined when it is gone.
   * Pieces of the caller's choosing: at most `bytesMax` from `offset`; `last` when the end is reached.
   */
  readSnapshot(index: LogIndex, offset: number, bytesMax: number, done: ReadDone): void;

  /** True while the store refuses to grow (`full`); it looks for room by itself and says so here. */
  readonly full: boolean;

  /** Waits for the writes under way and lets go of files and sockets. */
  close(): Promise<void>;
}

export type ReadDone = (piece: {
  readonly bytes: Uint8Array | undefined;
  readonly last: boolean;
}) => void;

export interface SnapshotWriter {
  /** The store copies nothing: the bytes must not change until `done`. One at a time. */
  append(bytes: Uint8Array, done: Done): void;
  finish(done: Done): void;
  abort(): void;
}
