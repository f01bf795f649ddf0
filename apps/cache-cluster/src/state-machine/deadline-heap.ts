import type { KeyRecord } from './key-record.ts';

/**
 * The keys that expire, the next one first. A binary heap whose members know their place, so that one
 * can leave when its key is written anew. What is due at the same moment goes by version and key, so
 * that nodes whose heaps grew differently (one of them from a snapshot) drop the same keys first when
 * an entry's budget does not reach for all.
 */
export class DeadlineHeap {
  readonly #items: KeyRecord[] = [];

  get first(): KeyRecord | undefined {
    return this.#items[0];
  }

  push(record: KeyRecord): void {
    this.#items.push(record);
    this.#rise(record, this.#items.length - 1);
  }

  /** Nothing, if it is not in the heap. */
  remove(record: KeyRecord): void {
    const at = record.heapIndex;
    if (at < 0) return;
    const last = this.#items.pop()!;
    record.heapIndex = -1;
    if (last === record) return;
    this.#put(last, at);
    this.#rise(last, at);
    this.#sink(last, last.heapIndex);
  }

  #rise(record: KeyRecord, from: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = this.#items[parent]!;
      if (!isBefore(record, above)) break;
      this.#put(above, at);
      at = parent;
    }
    this.#put(record, at);
  }

  #sink(record: KeyRecord, from: number): void {
    const items = this.#items;
    let at = from;
    for (let child = 2 * at + 1; child < items.length; child = 2 * at + 1) {
      if (child + 1 < items.length && isBefore(items[child + 1]!, items[child]!)) child += 1;
      const below = items[child]!;
      if (!isBefore(below, record)) break;
      this.#put(below, at);
      at = child;
    }
    this.#put(record, at);
  }

  #put(record: KeyRecord, at: number): void {
    this.#items[at] = record;
    record.heapIndex = at;
  }
}

function isBefore(a: KeyRecord, b: KeyRecord): boolean {
  if (a.deadlineMs !== b.deadlineMs) return a.deadlineMs < b.deadlineMs;
  if (a.entry.version !== b.entry.version) return a.entry.version < b.entry.version;
  return a.key < b.key;
}
