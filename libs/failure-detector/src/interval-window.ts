/** The last `capacity` intervals between heartbeats, with their mean and deviation. Bounded. */
export class IntervalWindow {
  readonly #samples: Float64Array;
  #length = 0;
  #next = 0;
  #mean = 0;
  #deviation = 0;

  constructor(capacity: number) {
    this.#samples = new Float64Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** 0 while empty. */
  get meanMs(): number {
    return this.#mean;
  }

  get deviationMs(): number {
    return this.#deviation;
  }

  add(intervalMs: number): void {
    this.#samples[this.#next] = intervalMs;
    this.#next = (this.#next + 1) % this.#samples.length;
    this.#length = Math.min(this.#length + 1, this.#samples.length);
    this.#recompute();
  }

  /** From scratch each time: running sums of squares drift, and a hundred additions cost nothing. */
  #recompute(): void {
    let sum = 0;
    for (let i = 0; i < this.#length; i++) {
      sum += this.#samples[i]!;
    }
    this.#mean = sum / this.#length;
    let squares = 0;
    for (let i = 0; i < this.#length; i++) {
      squares += (this.#samples[i]! - this.#mean) ** 2;
    }
    this.#deviation = Math.sqrt(squares / this.#length);
  }
}
