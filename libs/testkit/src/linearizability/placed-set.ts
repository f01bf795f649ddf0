import type { Operation } from './history.ts';

/**
 * The set of placed operations, with an exact and short fingerprint. Answered operations are placed
 * nearly in the order of their invocation, so the set is "everything before a base, and these few";
 * ambiguous ones may stay out for ever and would hold that base down, so they are listed apart.
 */
export class PlacedSet {
  /** Rank among the answered (or among the ambiguous) operations. */
  private readonly rank: Int32Array;
  private readonly isAmbiguous: Uint8Array;
  private readonly answered: Int32Array;
  private base = 0;
  private readonly beyond = new Set<number>();
  private readonly ambiguous = new Set<number>();

  constructor(operations: readonly Operation<unknown, unknown>[]) {
    this.rank = new Int32Array(operations.length);
    this.isAmbiguous = new Uint8Array(operations.length);
    const answered: number[] = [];
    operations.forEach((operation, i) => {
      if (operation.completedAt === undefined) {
        this.isAmbiguous[i] = 1;
      } else {
        this.rank[i] = answered.length;
        answered.push(i);
      }
    });
    this.answered = Int32Array.from(answered);
  }

  add(operation: number): void {
    if (this.isAmbiguous[operation] === 1) {
      this.ambiguous.add(operation);
      return;
    }
    this.beyond.add(this.rank[operation]!);
    while (this.base < this.answered.length && this.beyond.delete(this.base)) this.base++;
  }

  delete(operation: number): void {
    if (this.isAmbiguous[operation] === 1) {
      this.ambiguous.delete(operation);
      return;
    }
    const rank = this.rank[operation]!;
    if (rank >= this.base) {
      this.beyond.delete(rank);
      return;
    }
    for (let above = rank + 1; above < this.base; above++) this.beyond.add(above);
    this.base = rank;
  }

  /** Equal for equal sets, and only for them. */
  fingerprint(): string {
    let text = String(this.base);
    if (this.beyond.size > 0) text += `+${sorted(this.beyond)}`;
    if (this.ambiguous.size > 0) text += `?${sorted(this.ambiguous)}`;
    return text;
  }
}

const sorted = (set: ReadonlySet<number>): string =>
  set.size === 1 ? String([...set][0]) : [...set].sort((a, b) => a - b).join();
