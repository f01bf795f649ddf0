import type { Operation } from './history.ts';

/**
 * Invocations and completions of one object in order of time, as a doubly linked list from which an
 * operation can be lifted and put back in constant time (Wing and Gong's list; Knuth's dancing
 * links). At equal times invocations come first, so that two operations that touch count as concurrent.
 *
 * Position 0 is a sentinel. Operations are numbers in order of invocation.
 */
export class EventList {
  private readonly next: Int32Array;
  private readonly previous: Int32Array;
  private readonly operation: Int32Array;
  private readonly invocation: Int32Array;
  /** 0 where there is none: the operation is ambiguous. */
  private readonly completion: Int32Array;
  private left = 0;

  constructor(operations: readonly Operation<unknown, unknown>[]) {
    const events: { at: number; operation: number; isCompletion: number }[] = [];
    operations.forEach((op, operation) => {
      events.push({ at: op.invokedAt, operation, isCompletion: 0 });
      if (op.completedAt === undefined) return;
      events.push({ at: op.completedAt, operation, isCompletion: 1 });
      this.left++;
    });
    events.sort(
      (a, b) => a.at - b.at || a.isCompletion - b.isCompletion || a.operation - b.operation,
    );
    const size = events.length + 1;
    this.next = new Int32Array(size);
    this.previous = new Int32Array(size);
    this.operation = new Int32Array(size).fill(-1);
    this.invocation = new Int32Array(operations.length);
    this.completion = new Int32Array(operations.length);
    events.forEach((event, i) => {
      const position = i + 1;
      this.previous[position] = position - 1;
      this.next[position - 1] = position;
      this.operation[position] = event.operation;
      (event.isCompletion === 1 ? this.completion : this.invocation)[event.operation] = position;
    });
  }

  /** Completions of operations that are not placed. None left: the search has succeeded. */
  get completionsLeft(): number {
    return this.left;
  }

  first(): number {
    return this.next[0]!;
  }

  after(position: number): number {
    return this.next[position]!;
  }

  operationAt(position: number): number {
    return this.operation[position]!;
  }

  isInvocation(position: number): boolean {
    return this.invocation[this.operation[position]!] === position;
  }

  invocationOf(operation: number): number {
    return this.invocation[operation]!;
  }

  lift(operation: number): void {
    this.unlink(this.invocation[operation]!);
    const completion = this.completion[operation]!;
    if (completion === 0) return;
    this.unlink(completion);
    this.left--;
  }

  /** Undoes the newest `lift`; lifts are undone in reverse order only. */
  restore(operation: number): void {
    const completion = this.completion[operation]!;
    if (completion !== 0) {
      this.relink(completion);
      this.left++;
    }
    this.relink(this.invocation[operation]!);
  }

  private unlink(position: number): void {
    const before = this.previous[position]!;
    const after = this.next[position]!;
    this.next[before] = after;
    if (after !== 0) this.previous[after] = before;
  }

  private relink(position: number): void {
    const before = this.previous[position]!;
    const after = this.next[position]!;
    this.next[before] = position;
    if (after !== 0) this.previous[after] = position;
  }
}
