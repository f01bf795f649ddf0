import { SnapshotTable, type SnapshotTableOptions } from '@quorate/raft';

/** Things remembered for a time, in the order in which they are to be forgotten; never early. */
export class RecentTable<V extends { readonly untilMs: number }> {
  readonly table: SnapshotTable<string, V>;
  /** No later than the moment when the oldest may be forgotten. */
  dueAtMs = Infinity;

  constructor(codec: Pick<SnapshotTableOptions<string, V>, 'encode' | 'decode'>) {
    this.table = new SnapshotTable({
      ...codec,
      restored: (_, value) => this.#expect(value),
    });
  }

  get size(): number {
    return this.table.size;
  }

  get(key: string, atMs: number): V | undefined {
    const value = this.table.get(key);
    return value !== undefined && value.untilMs > atMs ? value : undefined;
  }

  add(key: string, value: V): void {
    this.table.delete(key);
    this.table.set(key, value);
    this.#expect(value);
  }

  /** Forgets at most `budget` that are due; what is left is still due. */
  forgetDue(atMs: number, budget: number): void {
    if (this.dueAtMs > atMs) return;
    this.dueAtMs = Infinity;
    let left = budget;
    for (const [key, value] of this.table) {
      if (value.untilMs > atMs || left === 0) {
        this.dueAtMs = value.untilMs;
        return;
      }
      this.table.delete(key);
      left -= 1;
    }
  }

  #expect(value: V): void {
    if (this.dueAtMs === Infinity) this.dueAtMs = value.untilMs;
  }
}
