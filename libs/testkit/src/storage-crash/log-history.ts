import { LogImage, logIndex, nodeId, term } from '@quorate/raft';
import type {
  DurableState,
  DurableWrite,
  Entry,
  LogIndex,
  LogStore,
  SnapshotMeta,
  StorageFailure,
} from '@quorate/raft';

interface SnapshotAttempt {
  readonly meta: SnapshotMeta;
  acknowledged: boolean;
}

/**
 * What was asked of a store since it was loaded, and what it acknowledged: from these follows what a
 * restart may find. A promise of a write that a crash swallowed never settles.
 */
export class LogHistory {
  readonly store: LogStore;
  private readonly base: DurableState;
  private readonly issued: DurableWrite[] = [];
  private acknowledged = 0;
  private readonly snapshots: SnapshotAttempt[] = [];
  private compactTo = 0;

  constructor(store: LogStore, base: DurableState) {
    this.store = store;
    this.base = base;
  }

  async write(parts: Partial<DurableWrite>): Promise<void> {
    const id = this.issued.length + 1;
    const write = { ...emptyWrite, ...parts, id };
    this.issued.push(write);
    const failure = await new Promise<StorageFailure | undefined>((resolve) => {
      this.store.write(write, resolve);
    });
    if (failure !== undefined) throw new Error(`write ${id} failed: ${failure.detail}`);
    if (id !== this.acknowledged + 1) throw new Error(`write ${id} completed out of order`);
    this.acknowledged = id;
  }

  /** `pieces` of the snapshot's bytes, which follow from its index alone. */
  async snapshot(index: number, inTerm: number, pieces = 3): Promise<void> {
    const attempt: SnapshotAttempt = { meta: snapshotMeta(index, inTerm), acknowledged: false };
    const writer = this.store.createSnapshot(attempt.meta);
    const bytes = snapshotBytes(index);
    const pieceBytes = Math.ceil(bytes.length / pieces);
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      await accepted((done) => writer.append(bytes.subarray(at, at + pieceBytes), done));
    }
    this.snapshots.push(attempt);
    await accepted((done) => writer.finish(done));
    attempt.acknowledged = true;
  }

  compact(index: number): void {
    this.compactTo = Math.max(this.compactTo, index);
    this.store.compact(logIndex(index));
  }

  /**
   * Throws unless `found` is what some moment between "all that was acknowledged" and "all that was
   * issued" leaves behind.
   */
  check(found: DurableState): void {
    const adoptable = [undefined, ...this.snapshots.map(({ meta }) => meta)];
    const newestAcknowledged = Math.max(
      0,
      ...this.snapshots.filter((each) => each.acknowledged).map(({ meta }) => meta.index),
    );
    let nearest: string | undefined;
    for (let count = this.acknowledged; count <= this.issued.length; count++) {
      for (const snapshot of adoptable) {
        if ((snapshot?.index ?? 0) < newestAcknowledged) continue;
        const difference = this.difference(this.expect(count, snapshot), found);
        if (difference === undefined) return;
        nearest ??= difference;
      }
    }
    throw new Error(
      `no moment after ${this.acknowledged} of ${this.issued.length} writes explains what was ` +
        `found: ${nearest ?? 'an acknowledged snapshot is missing'}`,
    );
  }

  private expect(count: number, snapshot: SnapshotMeta | undefined): DurableState {
    const image = imageOf(this.base);
    for (const write of this.issued.slice(0, count)) image.apply(write);
    if (snapshot !== undefined) image.adopt(snapshot);
    return image.durableState();
  }

  /** The log may begin later than in the model, by at most what was asked to be compacted. */
  private difference(expected: DurableState, found: DurableState): string | undefined {
    if (text(expected.hardState) !== text(found.hardState)) {
      return `hard state ${text(found.hardState)}, expected ${text(expected.hardState)}`;
    }
    if (text(expected.snapshot) !== text(found.snapshot)) {
      return `snapshot ${text(found.snapshot)}, expected ${text(expected.snapshot)}`;
    }
    const suffix = expected.entries.slice(expected.entries.length - found.entries.length);
    const foundText = text(found.entries.map(plain));
    if (suffix.length < found.entries.length || text(suffix.map(plain)) !== foundText) {
      return `entries ${foundText}, expected an end of ${text(expected.entries.map(plain))}`;
    }
    const missing = expected.entries[expected.entries.length - suffix.length - 1];
    const compactable = Math.min(this.compactTo, found.snapshot?.index ?? 0);
    if (missing !== undefined && missing.index > compactable) {
      return `entry ${missing.index} is missing, and only ${compactable} was to be compacted`;
    }
    return undefined;
  }
}

export function imageOf(durable: DurableState): LogImage {
  const image = new LogImage('anywhere');
  image.hardState = durable.hardState;
  image.snapshot = durable.snapshot;
  if (durable.entries.length > 0) image.overwrite(durable.entries);
  else image.install(durable.snapshot ?? snapshotMeta(0, 0), false);
  image.snapshot = durable.snapshot;
  return image;
}

const emptyWrite: DurableWrite = {
  id: 0,
  hardState: undefined,
  entries: [],
  install: undefined,
  keepSuffix: true,
  thenSend: [],
};

export const vote = (inTerm: number, node?: string): Pick<DurableWrite, 'hardState'> => ({
  hardState: { term: term(inTerm), vote: node === undefined ? undefined : nodeId(node) },
});

export const entries = (first: number, last: number, inTerm: number, bytes = 40): Entry[] =>
  Array.from({ length: last - first + 1 }, (_, i) => ({
    index: logIndex(first + i),
    term: term(inTerm),
    atMs: first + i,
    kind: 'command',
    payload: Buffer.alloc(bytes, `${first + i}:${inTerm};`),
  }));

export const snapshotMeta = (index: number, inTerm: number): SnapshotMeta => ({
  index: logIndex(index),
  term: term(inTerm),
  atMs: index,
  membership: { voters: [nodeId('a'), nodeId('b'), nodeId('c')], outgoing: [], learners: [] },
});

export const snapshotBytes = (index: number): Buffer => Buffer.alloc(1_500, `state at ${index};`);

export async function readSnapshot(store: LogStore, index: LogIndex): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (let offset = 0; ;) {
    const at = offset;
    const piece = await new Promise<{ bytes: Uint8Array | undefined; last: boolean }>((resolve) => {
      store.readSnapshot(index, at, 600, resolve);
    });
    if (piece.bytes === undefined) throw new Error(`the snapshot at ${index} is gone`);
    pieces.push(Buffer.from(piece.bytes));
    offset += piece.bytes.length;
    if (piece.last) return Buffer.concat(pieces);
  }
}

async function accepted(start: (done: (failure?: StorageFailure) => void) => void): Promise<void> {
  const failure = await new Promise<StorageFailure | undefined>(start);
  if (failure !== undefined) throw new Error(failure.detail);
}

const plain = (entry: Entry): string =>
  `${entry.index}/${entry.term} ${Buffer.from(entry.payload).toString()}`;

const text = (value: unknown): string => JSON.stringify({ value });
