import type { Core } from '../core.ts';
import type { DurableWrite, Effects, Input, Office } from '../effects.ts';
import type { DurableState, Entry, HardState, SnapshotMeta } from '../entry.ts';
import { indexZero, logIndex, termZero, type LogIndex, type NodeId } from '../ids.ts';
import { invariant } from '../invariant.ts';
import type { Envelope } from '../message.ts';
import type { CoreOptions } from '../options.ts';
import { createCore } from '../raft-core.ts';

/** What a node's disk holds: writes take effect on it one after another, when they complete. */
export class TestDisk {
  hardState: HardState = { term: termZero, vote: undefined };
  snapshot: SnapshotMeta | undefined;
  first = 1;
  entries: Entry[] = [];

  get lastIndex(): number {
    return this.first + this.entries.length - 1;
  }

  entryAt(index: number): Entry | undefined {
    return this.entries[index - this.first];
  }

  complete(write: DurableWrite): void {
    if (write.hardState !== undefined) this.hardState = write.hardState;
    const { install } = write;
    if (install !== undefined) {
      this.snapshot = install;
      const keep = write.keepSuffix
        ? this.entries.filter((entry) => entry.index > install.index)
        : [];
      this.entries = keep;
      this.first = install.index + 1;
    }
    const [from] = write.entries;
    if (from === undefined) return;
    invariant(from.index >= this.first && from.index <= this.lastIndex + 1, 'writes leave no gap');
    this.entries.length = from.index - this.first;
    this.entries.push(...write.entries);
  }

  compact(index: number): void {
    if (index < this.first) return;
    this.entries.splice(0, index - this.first + 1);
    this.first = index + 1;
  }

  state(): DurableState {
    const { hardState, snapshot } = this;
    if (snapshot !== undefined) {
      const last = this.entryAt(snapshot.index);
      const boundary = this.first === snapshot.index + 1;
      if (!boundary && last?.term !== snapshot.term) {
        this.entries = [];
        this.first = snapshot.index + 1;
      }
    }
    return { hardState, snapshot, entries: this.entries.slice() };
  }
}

export type TestNodeOptions = Omit<CoreOptions, 'durable' | 'nowMs' | 'incarnation'>;

/** One core with a disk, a state machine that only counts, and everything it has sent. */
export class TestNode {
  readonly id: NodeId;
  readonly disk = new TestDisk();
  core!: Core;
  alive = true;
  incarnation = 0;
  nowMs: number;
  writes: DurableWrite[] = [];
  /** Handed over and not yet applied. */
  toApply: Entry[] = [];
  applied: LogIndex = indexZero;
  installs = 0;
  readonly offices: Office[] = [];
  chunkReads: Effects['readChunk'][number][] = [];
  chunkStores: Effects['storeChunk'][number][] = [];
  staged: SnapshotMeta | undefined;
  private readonly options: TestNodeOptions;

  constructor(options: TestNodeOptions, nowMs: number) {
    this.id = options.id;
    this.options = options;
    this.nowMs = nowMs;
    this.start(nowMs);
  }

  start(nowMs: number): void {
    this.incarnation += 1;
    this.alive = true;
    this.nowMs = nowMs;
    this.core = createCore({
      ...this.options,
      incarnation: this.incarnation,
      durable: this.disk.state(),
      nowMs,
    });
    this.applied = this.disk.snapshot?.index ?? indexZero;
  }

  /** Loses everything but the disk. */
  crash(): void {
    this.alive = false;
    this.writes = [];
    this.toApply = [];
    this.chunkReads = [];
    this.chunkStores = [];
    this.staged = undefined;
  }

  step(input: Input): void {
    if (this.alive) this.core.step(input);
  }

  /** Takes one batch of effects; the write waits for `persistNext`, what may leave is returned. */
  take(): Effects | undefined {
    if (!this.alive || !this.core.hasEffects()) return undefined;
    const effects = this.core.takeEffects();
    if (effects.write !== undefined) this.writes.push(effects.write);
    if (effects.restore !== undefined) {
      invariant(effects.restore.index > this.applied, 'a restore never goes back');
      this.toApply = [];
      this.applied = effects.restore.index;
      this.installs += 1;
    }
    this.toApply.push(...effects.committed);
    if (effects.compact !== undefined) this.disk.compact(effects.compact);
    this.chunkReads.push(...effects.readChunk);
    this.chunkStores.push(...effects.storeChunk);
    if (effects.office !== undefined) this.offices.push(effects.office);
    return effects;
  }

  /** Completes the oldest write under way and returns what may leave now. */
  persistNext(nowMs: number): readonly Envelope[] {
    const write = this.writes.shift();
    if (write === undefined) return [];
    this.disk.complete(write);
    this.step({ kind: 'persisted', nowMs, writeId: write.id });
    return write.thenSend;
  }

  applyNext(nowMs: number): Entry | undefined {
    const entry = this.toApply.shift();
    if (entry === undefined) return undefined;
    invariant(entry.index === this.applied + 1, 'entries are applied in order, once');
    this.applied = entry.index;
    this.step({ kind: 'applied', nowMs, index: entry.index });
    return entry;
  }

  takeSnapshot(nowMs: number): void {
    if (this.applied <= (this.disk.snapshot?.index ?? 0)) return;
    const meta = this.core.snapshotMetaAt(this.applied);
    this.disk.snapshot = meta;
    this.step({ kind: 'snapshot-taken', nowMs, meta });
  }

  /** Snapshots of a few small pieces, whose bytes name the snapshot they belong to. */
  readNextChunk(nowMs: number, pieces: number): void {
    const read = this.chunkReads.shift();
    if (read === undefined) return;
    const there = this.disk.snapshot?.index === read.index;
    const bytes = new Uint8Array([read.index & 255, read.offset & 255]);
    const last = read.offset >= (pieces - 1) * 2;
    this.step({ kind: 'chunk-read', nowMs, ...read, bytes: there ? bytes : undefined, last });
  }

  storeNextChunk(nowMs: number, failed = false): void {
    const store = this.chunkStores.shift();
    if (store === undefined) return;
    const { meta, offset, bytes, last } = store;
    if (offset === 0) this.staged = meta;
    invariant(bytes[0] === (meta.index & 255), 'pieces of two snapshots are never mixed');
    invariant(bytes[1] === (offset & 255), 'pieces are staged in order');
    invariant(this.staged?.index === meta.index, 'a piece joins its own snapshot');
    const complete = last && !failed;
    if (complete && meta.index > (this.disk.snapshot?.index ?? 0)) this.disk.snapshot = meta;
    const nextOffset = failed ? 0 : offset + bytes.length;
    this.step({ kind: 'chunk-stored', nowMs, index: meta.index, nextOffset, complete, failed });
  }

  durableTo(): LogIndex {
    return logIndex(Math.max(this.disk.lastIndex, this.disk.snapshot?.index ?? 0));
  }
}
