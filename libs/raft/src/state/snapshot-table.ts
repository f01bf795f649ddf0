import type { SnapshotSink } from '../replica/state-machine.ts';
import { OrdinalHeap } from './ordinal-heap.ts';
import type { SnapshotPart, SnapshotRun } from './snapshot-part.ts';
import { PieceWriter, readPiece, type TableRecord } from './table-piece.ts';

export interface SnapshotTableOptions<K, V> {
  /** One entry as bytes, which are the table's from then on. */
  encode(key: K, value: V): Uint8Array;
  /** The bytes are a view into a larger piece: copy what is kept. */
  decode(bytes: Uint8Array): readonly [K, V];
  /** Called for each entry of a restored snapshot, in order: indexes are rebuilt here. */
  restored?(key: K, value: V): void;
}

interface Slot<V> {
  value: V;
  /** Grows with each insertion: the table's order, which must be the same on every node. */
  readonly ordinal: number;
  /** The newest run that has this entry behind it: written, or born after that run began. */
  run: number;
}

/**
 * A map whose snapshot shows one moment although values change while it is read. What is about to
 * change while a snapshot runs and has not been written yet is written first (it is encoded, queued
 * and taken before anything else), so a change costs O(1) and memory holds only what changed since
 * the reader last came by.
 *
 * Iteration follows insertion, as in a `Map`, also after a restore. Records written out of turn carry
 * their ordinal; the restoring side holds them back until their turn. Without this, two nodes with
 * the same state would walk it in different orders, and their state machines would part.
 *
 * Values may be changed in place, but only after `change(key)` has returned them.
 */
export class SnapshotTable<K, V> implements SnapshotPart {
  readonly #options: SnapshotTableOptions<K, V>;
  readonly #slots = new Map<K, Slot<V>>();
  #nextOrdinal = 1;
  #runNumber = 0;
  #run: TableRun<K, V> | undefined;

  constructor(options: SnapshotTableOptions<K, V>) {
    this.#options = options;
  }

  get size(): number {
    return this.#slots.size;
  }

  has(key: K): boolean {
    return this.#slots.has(key);
  }

  /** To be read only; see `change`. */
  get(key: K): V | undefined {
    return this.#slots.get(key)?.value;
  }

  /** The value, which may now be changed in place, until control leaves the caller. */
  change(key: K): V | undefined {
    const slot = this.#slots.get(key);
    if (slot === undefined) return undefined;
    if (this.#run !== undefined) this.#run.preserve(key, slot);
    return slot.value;
  }

  set(key: K, value: V): this {
    const slot = this.#slots.get(key);
    if (slot === undefined) {
      this.#insert(key, value);
    } else {
      if (this.#run !== undefined) this.#run.preserve(key, slot);
      slot.value = value;
    }
    return this;
  }

  delete(key: K): boolean {
    const slot = this.#slots.get(key);
    if (slot === undefined) return false;
    if (this.#run !== undefined) this.#run.preserve(key, slot);
    return this.#slots.delete(key);
  }

  /** The entry that was inserted first. */
  first(): readonly [K, V] | undefined {
    for (const entry of this) return entry;
    return undefined;
  }

  keys(): IterableIterator<K> {
    return this.#slots.keys();
  }

  *values(): IterableIterator<V> {
    for (const slot of this.#slots.values()) yield slot.value;
  }

  *[Symbol.iterator](): IterableIterator<readonly [K, V]> {
    for (const [key, slot] of this.#slots) yield [key, slot.value];
  }

  snapshot(): SnapshotRun {
    this.#run?.cancel();
    this.#runNumber += 1;
    const run = new TableRun<K, V>(this.#slots, this.#runNumber, {
      encode: (key, value) => this.#options.encode(key, value),
      ended: () => {
        if (this.#run === run) this.#run = undefined;
      },
    });
    this.#run = run;
    return run;
  }

  restore(): SnapshotSink {
    this.#run?.cancel();
    this.#slots.clear();
    this.#nextOrdinal = 1;
    const early = new OrdinalHeap<TableRecord>();
    const takeEarly = (upTo: number) => {
      while (early.size > 0 && early.least <= upTo) this.#restoreRecord(early.pop()!);
    };
    return {
      write: (bytes) => {
        const piece = readPiece(bytes);
        for (const record of piece.records) {
          if (piece.early) {
            // The piece is the store's and will not last: an early record waits on its own bytes.
            early.push({ ordinal: record.ordinal, bytes: Uint8Array.from(record.bytes) });
          } else {
            takeEarly(record.ordinal);
            this.#restoreRecord(record);
          }
        }
        takeEarly(piece.passed);
      },
      end: () => takeEarly(Infinity),
    };
  }

  #restoreRecord(record: TableRecord): void {
    const [key, value] = this.#options.decode(record.bytes);
    this.#insert(key, value);
    this.#options.restored?.(key, value);
  }

  #insert(key: K, value: V): void {
    this.#slots.set(key, { value, ordinal: this.#nextOrdinal, run: this.#runNumber });
    this.#nextOrdinal += 1;
  }
}

/** A skipped entry counts this much of a piece, so that no `take` walks the whole table. */
const skippedBytes = 16;

class TableRun<K, V> implements SnapshotRun {
  readonly #number: number;
  readonly #encode: (key: K, value: V) => Uint8Array;
  readonly #ended: () => void;
  /** A live iterator of a `Map`: what is deleted drops out, what is inserted comes last. */
  #cursor: Iterator<[K, Slot<V>]> | undefined;
  #passed = 0;
  readonly #changed = new PieceWriter(true);
  #changedFull: Uint8Array[] = [];
  readonly #piece = new PieceWriter(false);

  constructor(
    slots: Map<K, Slot<V>>,
    number: number,
    hooks: { encode(key: K, value: V): Uint8Array; ended(): void },
  ) {
    this.#cursor = slots.entries();
    this.#number = number;
    this.#encode = (key, value) => hooks.encode(key, value);
    this.#ended = () => hooks.ended();
  }

  preserve(key: K, slot: Slot<V>): void {
    if (slot.run === this.#number) return;
    slot.run = this.#number;
    this.#changed.add(slot.ordinal, this.#encode(key, slot.value));
    if (this.#changed.full) this.#changedFull.push(this.#changed.take(this.#passed));
  }

  takeChanged(): Uint8Array | undefined {
    if (this.#cursor === undefined) return undefined;
    if (this.#changedFull.length > 0) return this.#changedFull.shift();
    return this.#changed.empty ? undefined : this.#changed.take(this.#passed);
  }

  take(): Uint8Array | undefined {
    const changed = this.takeChanged();
    if (changed !== undefined) return changed;
    if (this.#cursor === undefined) return undefined;
    let skipped = 0;
    while (!this.#piece.full && skipped * skippedBytes < 65_536) {
      const next = this.#cursor.next();
      // Whatever was inserted since stands at the end and belongs to this run's future.
      if (next.done === true) {
        this.cancel();
        // Even an empty last piece says how far all has passed, so that records written early are
        // in place before a part that builds on this one begins.
        return this.#piece.empty && skipped === 0 ? undefined : this.#piece.take(this.#passed);
      }
      const [key, slot] = next.value;
      this.#passed = slot.ordinal;
      if (slot.run === this.#number) {
        skipped += 1;
      } else {
        slot.run = this.#number;
        this.#piece.add(slot.ordinal, this.#encode(key, slot.value));
      }
    }
    return this.#piece.take(this.#passed);
  }

  cancel(): void {
    if (this.#cursor === undefined) return;
    this.#cursor = undefined;
    this.#changedFull = [];
    this.#ended();
  }
}
