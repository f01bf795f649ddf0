/**
 * Requests of this node that wait for something the log will say: a lock granted, a message arrived.
 *
 * The entry that makes a request wait and the entry that ends its wait may be applied in one turn,
 * before the code that proposed the first has run again. So a request takes a place *before* it
 * proposes; what is said to nobody while places are open is kept until the oldest of them knows
 * whether it was meant. What is then still nobody's was for a caller who has left: `unclaimed` gives
 * it back (releases the lock, returns the messages).
 */
export class Parking<Result> {
  readonly #waiting = new Map<string, (woken: Woken<Result>) => void>();
  readonly #places = new Set<Place<Result>>();
  #early = new Map<string, { readonly result: Result; readonly after: number }>();
  readonly #unclaimed: (key: string, result: Result) => void;
  #placesTaken = 0;

  constructor(unclaimed: (key: string, result: Result) => void) {
    this.#unclaimed = unclaimed;
  }

  get size(): number {
    return this.#waiting.size;
  }

  keys(): readonly string[] {
    return [...this.#waiting.keys()];
  }

  /** To be closed, whatever happens. */
  takePlace(): Place<Result> {
    this.#placesTaken += 1;
    const place = new Place<Result>(this.#placesTaken, {
      wait: (key, signal) => this.#wait(key, signal),
      close: () => {
        this.#places.delete(place);
        if (this.#early.size > 0) this.#sortEarly();
      },
    });
    this.#places.add(place);
    return place;
  }

  wake(key: string, result: Result): void {
    const wake = this.#waiting.get(key);
    if (wake !== undefined) wake({ kind: 'woken', result });
    else if (this.#places.size > 0) this.#early.set(key, { result, after: this.#placesTaken });
    else this.#unclaimed(key, result);
  }

  #wait(key: string, signal: AbortSignal): Promise<Woken<Result>> {
    const early = this.#early.get(key);
    if (early !== undefined) {
      this.#early.delete(key);
      return Promise.resolve({ kind: 'woken', result: early.result });
    }
    if (signal.aborted) return Promise.resolve({ kind: 'left' });
    return new Promise((resolve) => {
      const end = (woken: Woken<Result>): void => {
        if (this.#waiting.get(key) === end) this.#waiting.delete(key);
        signal.removeEventListener('abort', leave);
        resolve(woken);
      };
      const leave = (): void => end({ kind: 'left' });
      this.#waiting.get(key)?.({ kind: 'superseded' });
      this.#waiting.set(key, end);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  /** Hands out as unclaimed what was said before the oldest open place was taken. */
  #sortEarly(): void {
    const oldest = firstOf(this.#places)?.number ?? Infinity;
    for (const [key, { result, after }] of this.#early) {
      if (after >= oldest) continue;
      this.#early.delete(key);
      this.#unclaimed(key, result);
    }
  }
}

/**
 * - `left`: the caller is gone, its time is over, or the node stops; the wait must be given up.
 * - `superseded`: the same wait was asked for again on this node, and the newest asker is answered.
 */
export type Woken<Result> =
  | { readonly kind: 'woken'; readonly result: Result }
  | { readonly kind: 'left' }
  | { readonly kind: 'superseded' };

interface PlaceHooks<Result> {
  wait(key: string, signal: AbortSignal): Promise<Woken<Result>>;
  close(): void;
}

export class Place<Result> {
  readonly number: number;
  readonly #hooks: PlaceHooks<Result>;

  constructor(number: number, hooks: PlaceHooks<Result>) {
    this.number = number;
    this.#hooks = hooks;
  }

  wait(key: string, signal: AbortSignal): Promise<Woken<Result>> {
    const woken = this.#hooks.wait(key, signal);
    this.close();
    return woken;
  }

  close(): void {
    this.#hooks.close();
  }
}

function firstOf<T>(set: ReadonlySet<T>): T | undefined {
  for (const one of set) return one;
  return undefined;
}
