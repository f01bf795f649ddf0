/** A binary min-heap by `ordinal`: things that came before their turn, waiting for it. */
export class OrdinalHeap<T extends { readonly ordinal: number }> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** The least ordinal waiting; infinity when nothing waits. */
  get least(): number {
    return this.#items[0]?.ordinal ?? Infinity;
  }

  /** All, in no particular order. */
  items(): readonly T[] {
    return this.#items;
  }

  push(item: T): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (items[parent]!.ordinal <= item.ordinal) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = item;
  }

  pop(): T | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (top === undefined || last === undefined || items.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && items[child + 1]!.ordinal < items[child]!.ordinal) child++;
      if (items[child]!.ordinal >= last.ordinal) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = last;
    return top;
  }
}
