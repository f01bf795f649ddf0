/**
 * Everything that ends by itself: a min-heap that knows where each of its items stands, so that a
 * renewal moves one item instead of leaving a dead one behind.
 *
 * Items due at the same moment come in the order of their serials, a total order that does not
 * depend on the heap's history: a node restored from a snapshot takes them in the same order.
 */
export interface Timed {
  /** Given once, growing. */
  readonly serial: number;
  dueMs: number;
  /** −1 while it stands in no heap (and its time is infinite). */
  heapIndex: number;
}

export class Deadlines<Item extends Timed> {
  #items: Item[] = [];

  clear(): void {
    this.#items = [];
  }

  get size(): number {
    return this.#items.length;
  }

  first(): Item | undefined {
    return this.#items[0];
  }

  add(item: Item, dueMs: number): void {
    item.dueMs = dueMs;
    item.heapIndex = this.#items.length;
    this.#items.push(item);
    this.#rise(item);
  }

  move(item: Item, dueMs: number): void {
    const later = dueMs > item.dueMs;
    item.dueMs = dueMs;
    if (later) this.#sink(item);
    else this.#rise(item);
  }

  /** Adds it, moves it, or (without a time) takes it out. */
  schedule(item: Item, dueMs: number | undefined): void {
    if (dueMs === undefined) this.remove(item);
    else if (item.heapIndex < 0) this.add(item, dueMs);
    else if (item.dueMs !== dueMs) this.move(item, dueMs);
  }

  remove(item: Item): void {
    const index = item.heapIndex;
    if (index < 0) return;
    item.heapIndex = -1;
    item.dueMs = Infinity;
    const last = this.#items.pop()!;
    if (last === item) return;
    last.heapIndex = index;
    this.#items[index] = last;
    this.#rise(last);
    this.#sink(last);
  }

  #rise(item: Item): void {
    const items = this.#items;
    let index = item.heapIndex;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = items[parentIndex]!;
      if (!isSooner(item, parent)) break;
      items[index] = parent;
      parent.heapIndex = index;
      index = parentIndex;
    }
    items[index] = item;
    item.heapIndex = index;
  }

  #sink(item: Item): void {
    const items = this.#items;
    let index = item.heapIndex;
    for (;;) {
      let childIndex = 2 * index + 1;
      if (childIndex >= items.length) break;
      const right = childIndex + 1;
      if (right < items.length && isSooner(items[right]!, items[childIndex]!)) childIndex = right;
      const child = items[childIndex]!;
      if (!isSooner(child, item)) break;
      items[index] = child;
      child.heapIndex = index;
      index = childIndex;
    }
    items[index] = item;
    item.heapIndex = index;
  }
}

const isSooner = (a: Timed, b: Timed): boolean =>
  a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.serial < b.serial);
