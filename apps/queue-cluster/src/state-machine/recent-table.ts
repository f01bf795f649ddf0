import { SnapshotTable, type SnapshotPart, type SnapshotTableOptions } from '@quorate/raft';

/**
 * Things remembered for a time, in the order in which they are to be forgotten; never early. All of
 * one table are kept equally long, so that the oldest is always the next to go.
 */
export class RecentTable<V extends { readonly untilMs: number }> {
  readonly #table: SnapshotTable<string, V>;
  /**
   * A walk that stays open at the oldest entry. Starting anew each time would step over all that was
   * deleted at the front since the map was last rehashed.
   */
  #walk: Iterator<readonly [string, V]> | undefined;
  #oldest: readonly [string, V] | undefined;

  constructor(codec: Pick<SnapshotTableOptions<string, V>, 'encode' | 'decode'>) {
    this.#table = new SnapshotTable(codec);
  }

  get size(): number {
    return this.#table.size;
  }

  /** When the oldest may be forgotten: the same on a node that restored the table. */
  get dueAtMs(): number {
    return this.#peek()?.[1].untilMs ?? Infinity;
  }

  get(key: string, atMs: number): V | undefined {
    const value = this.#table.get(key);
    return value !== undefined && value.untilMs > atMs ? value : undefined;
  }

  add(key: string, value: V): void {
    this.#forget(key);
    this.#table.set(key, value);
  }

  /** Forgets at most `budget` that are due; what is left is still due. */
  forgetDue(atMs: number, budget: number): void {
    for (let left = budget; left > 0; left--) {
      const oldest = this.#peek();
      if (oldest === undefined || oldest[1].untilMs > atMs) return;
      this.#forget(oldest[0]);
    }
  }

  part(): SnapshotPart {
    return {
      snapshot: () => this.#table.snapshot(),
      restore: () => {
        this.#walk = undefined;
        this.#oldest = undefined;
        return this.#table.restore();
      },
    };
  }

  #forget(key: string): void {
    this.#table.delete(key);
    if (this.#oldest?.[0] === key) this.#oldest = undefined;
  }

  #peek(): readonly [string, V] | undefined {
    if (this.#oldest !== undefined || this.#table.size === 0) return this.#oldest;
    this.#walk ??= this.#table[Symbol.iterator]();
    let next = this.#walk.next();
    if (next.done === true) {
      // A walk that has met the end does not see what is inserted later.
      this.#walk = this.#table[Symbol.iterator]();
      next = this.#walk.next();
    }
    this.#oldest = next.done === true ? undefined : next.value;
    return this.#oldest;
  }
}
