/**
 * An answer may leave once the settled index covers all that it reveals: the version it shows, and
 * the index at which it was evaluated. A hit was not evaluated anywhere in the log; it reveals the
 * line alone.
 */
export function indexRevealed(answer: {
  readonly evaluatedAt?: number;
  readonly version?: number;
}): number {
  return Math.max(answer.evaluatedAt ?? 0, answer.version ?? 0);
}

interface Waiting<T> {
  readonly index: number;
  readonly item: T;
}

/** Answers that wait for the settled index, released in the order of what they wait for. */
export class SettledQueue<T> {
  #waiting: Waiting<T>[] = [];
  #first = 0;
  #settled = 0;

  get settled(): number {
    return this.#settled;
  }

  get length(): number {
    return this.#waiting.length - this.#first;
  }

  /** False if `index` is settled already, and the answer need not wait. */
  wait(index: number, item: T): boolean {
    if (index <= this.#settled) {
      return false;
    }
    // Answers come almost in the order of the log: looking from the back finds the place at once.
    let at = this.#waiting.length;
    while (at > this.#first && this.#waiting[at - 1]!.index > index) {
      at -= 1;
    }
    if (at === this.#waiting.length) {
      this.#waiting.push({ index, item });
    } else {
      this.#waiting.splice(at, 0, { index, item });
    }
    return true;
  }

  /** The answers that may leave now. The settled index never goes back. */
  advance(settled: number): T[] {
    const released: T[] = [];
    if (settled <= this.#settled) {
      return released;
    }
    this.#settled = settled;
    while (this.#first < this.#waiting.length && this.#waiting[this.#first]!.index <= settled) {
      released.push(this.#waiting[this.#first]!.item);
      this.#first += 1;
    }
    if (this.#first === this.#waiting.length) {
      this.#waiting = [];
      this.#first = 0;
    } else if (this.#first > 1_024) {
      this.#waiting = this.#waiting.slice(this.#first);
      this.#first = 0;
    }
    return released;
  }
}
