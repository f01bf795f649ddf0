import type { DurableWrite } from '../../core/effects.ts';
import type { Entry, HardState, SnapshotMeta } from '../../core/entry.ts';
import { logIndex, nodeId, term } from '../../core/ids.ts';
import type { LogStore, SnapshotWriter, StorageFailure } from '../log-store.ts';

export const entry = (index: number, inTerm = 1, bytes = 8): Entry => ({
  index: logIndex(index),
  term: term(inTerm),
  atMs: index * 10,
  kind: index % 7 === 0 ? 'noop' : 'command',
  payload: new Uint8Array(bytes).fill(index % 251),
});

/** Entries from `first` to `last`, both included. */
export const run = (first: number, last: number, inTerm = 1, bytes = 8): Entry[] =>
  Array.from({ length: last - first + 1 }, (_, i) => entry(first + i, inTerm, bytes));

export const hardState = (inTerm: number, vote?: string): HardState => ({
  term: term(inTerm),
  vote: vote === undefined ? undefined : nodeId(vote),
});

export const snapshotMeta = (index: number, inTerm = 1): SnapshotMeta => ({
  index: logIndex(index),
  term: term(inTerm),
  atMs: index * 10,
  membership: { voters: [nodeId('a'), nodeId('b')], outgoing: [], learners: [nodeId('c')] },
});

export const write = (id: number, parts: Partial<DurableWrite> = {}): DurableWrite => ({
  id,
  hardState: undefined,
  entries: [],
  install: undefined,
  keepSuffix: true,
  thenSend: [],
  ...parts,
});

/** A failure is an answer here, not an exception: tests compare it. */
export const written = (
  store: LogStore,
  parts: DurableWrite,
): Promise<StorageFailure | undefined> => new Promise((resolve) => store.write(parts, resolve));

export const appended = (
  writer: SnapshotWriter,
  bytes: Uint8Array,
): Promise<StorageFailure | undefined> => new Promise((resolve) => writer.append(bytes, resolve));

export const finished = (writer: SnapshotWriter): Promise<StorageFailure | undefined> =>
  new Promise((resolve) => writer.finish(resolve));

export const piece = (
  store: LogStore,
  index: number,
  offset: number,
  bytesMax: number,
): Promise<{ bytes: Uint8Array | undefined; last: boolean }> =>
  new Promise((resolve) => store.readSnapshot(logIndex(index), offset, bytesMax, resolve));

export async function readWholeSnapshot(
  store: LogStore,
  index: number,
  bytesMax = 1_000,
): Promise<Buffer | undefined> {
  const pieces: Uint8Array[] = [];
  for (let offset = 0; ;) {
    const { bytes, last } = await piece(store, index, offset, bytesMax);
    if (bytes === undefined) return undefined;
    // A copy: what a store hands out may be a view of a buffer it uses again.
    pieces.push(Uint8Array.from(bytes));
    offset += bytes.length;
    if (last) return Buffer.concat(pieces);
    if (bytes.length === 0) throw new Error('a piece that is not the last is not empty');
  }
}

export async function takeSnapshot(
  store: LogStore,
  index: number,
  bytes: Uint8Array,
  inTerm = 1,
): Promise<StorageFailure | undefined> {
  const writer = store.createSnapshot(snapshotMeta(index, inTerm));
  for (let at = 0; at < bytes.length; at += 700) {
    const failure = await appended(writer, bytes.subarray(at, at + 700));
    if (failure !== undefined) return failure;
  }
  return finished(writer);
}

export const patterned = (length: number, salt = 0): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) + salt) & 0xff);
