import { afterDeparture, afterDrop, type DirectoryEntry } from '@quorate/mesi';
import { SnapshotTable } from '@quorate/raft';
import type { CacheEvent, DropReason } from './commands.ts';
import { DeadlineHeap } from './deadline-heap.ts';
import { KeyRecord } from './key-record.ts';
import { NodeNumbers } from './node-numbers.ts';
import { recordCodec } from './records.ts';
import { UseOrder } from './use-order.ts';
import { itemBytes, type CacheItem } from './value.ts';

/** What a tombstone counts among the dirty, beside its key. */
const tombstoneBytes = 64;

/**
 * What one shard knows: the directory with every key, the values that are dirty (or all of them, where
 * this state is the memory), and the few moves of which every command is made. The table goes into
 * snapshots; heap, order and sums are rebuilt from it.
 */
export class ShardState {
  readonly keys: SnapshotTable<string, KeyRecord>;
  readonly nodes = new NodeNumbers();
  readonly deadlines = new DeadlineHeap();
  readonly useOrder = new UseOrder();
  /** What memory lacks: writes and tombstones. */
  readonly dirty = new Map<string, KeyRecord>();
  events: CacheEvent[] = [];
  /** The last entry, and its stamp. */
  index = 0;
  atMs = 0;
  /** Which log this is: named after the first life of a node that it knows. Never two alike. */
  name = '';
  /** Values were flushed to a memory outside of this state, and it has not been lost since. */
  hasFlushed = false;
  /** Keys that are there, tombstones not counted. */
  keyCount = 0;
  /** Of the values in this state. */
  valueBytes = 0;
  dirtyBytes = 0;

  constructor() {
    this.keys = new SnapshotTable(recordCodec);
  }

  advance({ index, atMs }: { readonly index: number; readonly atMs: number }): void {
    this.index = index;
    this.atMs = atMs;
  }

  /** After a restore. Tables hand their entries over one by one; the order of use needs them all. */
  rebuild(): void {
    const records = [...this.keys.values()];
    for (const record of records) this.#count(record, 1);
    records.sort((a, b) => a.touchedAt - b.touchedAt);
    for (const record of records) {
      if (record.entry.present) this.useOrder.add(record);
    }
  }

  /** The key as an entry with this stamp finds it: what has expired is gone, dropped yet or not. */
  present(key: string, atMs: number): KeyRecord | undefined {
    const record = this.keys.get(key);
    if (record?.entry.present !== true) return undefined;
    return record.entry.deadlineMs > atMs ? record : undefined;
  }

  /** Who may have a line, without those that have departed since that was noted. */
  standing(record: KeyRecord): DirectoryEntry {
    let { entry } = record;
    if (entry.sharers === 0 || this.nodes.isCurrentSince(record.touchedAt)) return entry;
    for (const [number, node] of this.nodes.list.entries()) {
      if (node.departedAt > record.touchedAt) entry = afterDeparture(entry, number);
    }
    return entry;
  }

  /** A new version of the key, or a first one. */
  put(key: string, entry: DirectoryEntry, item: CacheItem): void {
    const record = this.keys.change(key);
    if (record === undefined) {
      const born = new KeyRecord(key, entry, item.version, item);
      this.keys.set(key, born);
      this.#count(born, 1);
      this.useOrder.add(born);
      return;
    }
    this.#count(record, -1);
    if (record.entry.present) this.useOrder.remove(record);
    record.entry = entry;
    record.touchedAt = item.version;
    record.item = item;
    this.#count(record, 1);
    this.useOrder.add(record);
  }

  /** Who has a line has changed, and nothing else. */
  share(record: KeyRecord, entry: DirectoryEntry, index: number): void {
    this.keys.change(record.key);
    record.entry = entry;
    record.touchedAt = index;
    this.useOrder.touch(record);
  }

  /** Memory has this version. `undefined`: it was a tombstone, and the key is forgotten. */
  clean(record: KeyRecord, entry: DirectoryEntry | undefined, keepValues: boolean): void {
    this.keys.change(record.key);
    this.#count(record, -1);
    if (entry === undefined) {
      this.keys.delete(record.key);
      return;
    }
    record.entry = entry;
    if (!keepValues) record.item = undefined;
    this.#count(record, 1);
  }

  /** Leaves a tombstone, until memory has dropped the key too. */
  drop(record: KeyRecord, index: number, why: DropReason): void {
    this.keys.change(record.key);
    this.#count(record, -1);
    this.useOrder.remove(record);
    record.entry = afterDrop(index);
    record.touchedAt = index;
    record.item = undefined;
    this.#count(record, 1);
    this.events.push({ kind: 'dropped', key: record.key, why });
  }

  takeEvents(): readonly CacheEvent[] {
    if (this.events.length === 0) return noEvents;
    const taken = this.events;
    this.events = [];
    return taken;
  }

  /** Bytes that the key holds of the bounds, to be taken off when it is about to be replaced. */
  heldBytes(key: string): { readonly value: number; readonly dirty: number } {
    const record = this.keys.get(key);
    return record === undefined ? nothingHeld : { value: valueOf(record), dirty: dirtyOf(record) };
  }

  #count(record: KeyRecord, sign: 1 | -1): void {
    const { entry, key } = record;
    if (entry.present) this.keyCount += sign;
    this.valueBytes += sign * valueOf(record);
    this.dirtyBytes += sign * dirtyOf(record);
    if (sign < 0) {
      this.deadlines.remove(record);
      this.dirty.delete(key);
      return;
    }
    if (entry.present && entry.deadlineMs !== Infinity) this.deadlines.push(record);
    if (entry.dirty) this.dirty.set(key, record);
  }
}

const noEvents: readonly CacheEvent[] = [];
const nothingHeld = { value: 0, dirty: 0 };

function valueOf({ key, item }: KeyRecord): number {
  return item === undefined ? 0 : itemBytes(key, item.value);
}

function dirtyOf(record: KeyRecord): number {
  if (!record.entry.dirty) return 0;
  return record.entry.present ? valueOf(record) : record.key.length + tombstoneBytes;
}
