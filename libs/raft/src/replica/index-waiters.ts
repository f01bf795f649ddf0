import { OrdinalHeap } from '../state/ordinal-heap.ts';

interface Waiter {
  /** The index waited for. */
  readonly ordinal: number;
  readonly deadlineMs: number;
  readonly callback: (reached: boolean) => void;
  ended: boolean;
}

/** Callers that wait until some watermark of the log covers an index. */
export class IndexWaiters {
  readonly #heap = new OrdinalHeap<Waiter>();
  /** No waiter's deadline lies before this. */
  #leastDeadlineMs = Infinity;

  add(index: number, deadlineMs: number, callback: (reached: boolean) => void): void {
    this.#heap.push({ ordinal: index, deadlineMs, callback, ended: false });
    if (deadlineMs < this.#leastDeadlineMs) this.#leastDeadlineMs = deadlineMs;
  }

  reached(index: number): void {
    while (this.#heap.size > 0 && this.#heap.least <= index) {
      const waiter = this.#heap.pop()!;
      if (!waiter.ended) waiter.callback(true);
    }
  }

  expire(nowMs: number): void {
    if (nowMs < this.#leastDeadlineMs) return;
    const overdue: Waiter[] = [];
    let least = Infinity;
    for (const waiter of this.#heap.items()) {
      if (waiter.ended) continue;
      if (waiter.deadlineMs <= nowMs) overdue.push(waiter);
      else if (waiter.deadlineMs < least) least = waiter.deadlineMs;
    }
    this.#leastDeadlineMs = least;
    for (const waiter of overdue) {
      waiter.ended = true;
      waiter.callback(false);
    }
  }

  /** Ends all waits, unreached. */
  clear(): void {
    for (let waiter = this.#heap.pop(); waiter !== undefined; waiter = this.#heap.pop()) {
      if (!waiter.ended) waiter.callback(false);
    }
  }
}
