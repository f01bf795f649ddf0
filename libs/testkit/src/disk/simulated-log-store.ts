import { invariant, isVoteOnly, LogImage, WriteGate } from '@quorate/raft';
import type {
  Done,
  DurableState,
  DurableWrite,
  LogIndex,
  LogStore,
  ReadDone,
  SnapshotMeta,
  SnapshotWriter,
  StorageFailure,
} from '@quorate/raft';

export interface SimulatedLogDiskOptions {
  /** Uniform in [0, 1); every choice of the disk comes from it. */
  readonly random: () => number;
  /** Runs later, in virtual time; never from inside the call. */
  readonly schedule: (delayMs: number, run: () => void) => void;
  /** How long the next sync, or the next read or write of a snapshot piece, takes. */
  readonly latencyMs: (operation: 'sync' | 'snapshot') => number;
}

interface PendingWrite {
  readonly write: DurableWrite;
  readonly done: Done;
  readonly admitted: boolean;
}

/**
 * What stays of a node's storage when its process dies, at the grain of whole writes: fast, and
 * without a file format, so that a cluster simulation spends its time on consensus. (The file store
 * itself is crashed byte by byte elsewhere, on `SimulatedFileSystem`.)
 *
 * One life of the process holds one `open()` store. `crash()` ends that life: no callback of it runs
 * any more, and of what was not yet acknowledged some prefix survives.
 */
export class SimulatedLogDisk {
  readonly options: SimulatedLogDiskOptions;
  /** What is durable now; invariant checks may read it, only this folder changes it. */
  image = new LogImage();
  snapshotBytes: Uint8Array = new Uint8Array(0);
  full = false;
  syncFails = false;
  private life: SimulatedLogStore | undefined;
  private stalled: (() => void)[] | undefined;

  constructor(options: SimulatedLogDiskOptions) {
    this.options = options;
  }

  open(): SimulatedLogStore {
    invariant(this.life === undefined, 'one process at a time holds a disk');
    this.life = new SimulatedLogStore(this);
    return this.life;
  }

  /** The process dies now. Withheld completions of a stall die with it; the stall itself goes on. */
  crash(): void {
    this.life?.die();
    this.life = undefined;
    if (this.stalled !== undefined) this.stalled = [];
  }

  release(store: SimulatedLogStore): void {
    if (this.life === store) this.life = undefined;
  }

  /** Nothing completes from here on, until `resume`. */
  stall(): void {
    this.stalled ??= [];
  }

  resume(): void {
    const withheld = this.stalled ?? [];
    this.stalled = undefined;
    for (const run of withheld) this.options.schedule(0, run);
  }

  /** From the next sync on, writes that grow the log are refused; `makeRoom` ends it. */
  fill(): void {
    this.full = true;
  }

  makeRoom(): void {
    this.full = false;
  }

  /** The next sync fails: what the disk holds is unknown, and the store is broken for this life. */
  failNextSync(): void {
    this.syncFails = true;
  }

  later(operation: 'sync' | 'snapshot', run: () => void): void {
    this.options.schedule(this.options.latencyMs(operation), () => {
      if (this.stalled === undefined) run();
      else this.stalled.push(run);
    });
  }

  takeSyncFailure(): boolean {
    const fails = this.syncFails;
    this.syncFails = false;
    return fails;
  }

  adoptSnapshot(meta: SnapshotMeta, bytes: Uint8Array): void {
    if (this.image.snapshot !== undefined && meta.index <= this.image.snapshot.index) return;
    this.image.adopt(meta);
    this.snapshotBytes = bytes;
  }
}

const full: StorageFailure = { kind: 'full', detail: 'the simulated disk is full' };
const broken: StorageFailure = { kind: 'broken', detail: 'a simulated sync failed' };

export class SimulatedLogStore implements LogStore {
  private readonly disk: SimulatedLogDisk;
  private readonly gate = new WriteGate();
  private alive = true;
  private broken = false;
  private completing = false;
  private syncing: PendingWrite[] = [];
  private gathered: PendingWrite[] = [];
  private lastId = -Infinity;
  private compactTo: LogIndex | undefined;
  private readonly finishing = new Set<{ meta: SnapshotMeta; pieces: readonly Uint8Array[] }>();
  private closing: (() => void) | undefined;

  constructor(disk: SimulatedLogDisk) {
    this.disk = disk;
  }

  get full(): boolean {
    return this.disk.full;
  }

  load(): Promise<DurableState> {
    return Promise.resolve(this.loadNow());
  }

  /** For simulations that must not depend on the order of promises. */
  loadNow(): DurableState {
    const durable = this.disk.image.durableState();
    const image = new LogImage('anywhere');
    image.hardState = durable.hardState;
    image.snapshot = durable.snapshot;
    if (durable.entries.length > 0) image.overwrite(durable.entries);
    else image.firstIndex = (durable.snapshot?.index ?? 0) + 1;
    this.disk.image = image;
    return durable;
  }

  write(write: DurableWrite, done: Done): void {
    if (!this.alive) return;
    const repeated = write.id <= this.lastId;
    invariant(!repeated || !isVoteOnly(write), 'only a refused write is issued a second time');
    this.lastId = Math.max(this.lastId, write.id);
    this.gathered.push({ write, done, admitted: this.gate.admits(write, this.disk.full) });
    if (this.syncing.length === 0 && !this.completing) this.startSync();
  }

  compact(index: LogIndex): void {
    this.compactTo = index;
  }

  createSnapshot(meta: SnapshotMeta): SnapshotWriter {
    const pieces: Uint8Array[] = [];
    const staged = { meta, pieces };
    let open = true;
    return {
      append: (bytes, done) => {
        invariant(open, 'a snapshot is appended to before it is finished or aborted');
        this.later('snapshot', () => {
          const failure = this.snapshotFailure();
          // A copy, for the caller may reuse its buffer after `done`.
          if (failure === undefined) pieces.push(Uint8Array.from(bytes));
          done(failure);
        });
      },
      finish: (done) => {
        invariant(open, 'a snapshot is finished once');
        open = false;
        this.finishing.add(staged);
        this.later('sync', () => {
          this.finishing.delete(staged);
          const failure = this.snapshotFailure();
          if (failure === undefined) this.disk.adoptSnapshot(meta, Buffer.concat(pieces));
          done(failure);
        });
      },
      abort: () => {
        open = false;
      },
    };
  }

  readSnapshot(index: LogIndex, offset: number, bytesMax: number, done: ReadDone): void {
    this.later('snapshot', () => {
      const { image, snapshotBytes } = this.disk;
      if (image.snapshot?.index !== index) {
        done({ bytes: undefined, last: false });
        return;
      }
      const bytes = snapshotBytes.subarray(offset, offset + bytesMax);
      done({ bytes, last: offset + bytes.length >= snapshotBytes.length });
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.closing = resolve;
      this.closeIfIdle();
    });
  }

  /** Frames are written one after another, so what survives of the unacknowledged is a prefix. */
  die(): void {
    this.alive = false;
    if (!this.broken) this.keepSomePrefix([...this.syncing, ...this.gathered]);
    for (const { meta, pieces } of this.finishing) {
      if (this.disk.options.random() < 0.5) this.disk.adoptSnapshot(meta, Buffer.concat(pieces));
    }
    this.compactLazily();
  }

  private startSync(): void {
    this.syncing = this.gathered;
    this.gathered = [];
    this.later('sync', () => {
      this.endSync();
    });
  }

  private endSync(): void {
    const written = this.syncing;
    this.syncing = [];
    if (this.broken) {
      // What an earlier failure left is unknown, so nothing later is written upon it.
    } else if (this.disk.takeSyncFailure()) {
      this.broken = true;
      this.keepSomePrefix(written);
    } else {
      for (const { write, admitted } of written) if (admitted) this.disk.image.apply(write);
      this.compactLazily();
    }
    this.completing = true;
    for (const { done, admitted } of written) {
      if (!this.alive) return;
      if (this.broken) done(broken);
      else if (admitted) done();
      else done(full);
    }
    this.completing = false;
    if (this.gathered.length > 0) this.startSync();
    this.closeIfIdle();
  }

  private keepSomePrefix(writes: readonly PendingWrite[]): void {
    const admitted = writes.filter((each) => each.admitted);
    const survivors = Math.floor(this.disk.options.random() * (admitted.length + 1));
    for (const { write } of admitted.slice(0, survivors)) this.disk.image.apply(write);
  }

  /** The reserve lets most snapshots through a full disk, for only they can make room; not all. */
  private snapshotFailure(): StorageFailure | undefined {
    if (this.broken) return broken;
    return this.disk.full && this.disk.options.random() < 0.25 ? full : undefined;
  }

  /** Compaction comes late and may be lost, so a load finds more than was asked to stay. */
  private compactLazily(): void {
    if (this.compactTo === undefined || this.disk.options.random() < 0.5) return;
    this.disk.image.compact(this.compactTo);
    this.compactTo = undefined;
  }

  private later(operation: 'sync' | 'snapshot', run: () => void): void {
    this.disk.later(operation, () => {
      if (this.alive) run();
    });
  }

  private closeIfIdle(): void {
    if (this.closing === undefined || this.syncing.length > 0 || this.gathered.length > 0) return;
    this.alive = false;
    this.disk.release(this);
    this.closing();
  }
}
