import type { Fetched, MemoryItem } from './memory.ts';

const keysMax = 500;

interface Waiting {
  readonly keys: readonly string[];
  readonly deadlineMs: number;
  readonly answer: (fetched: Fetched) => void;
}

/** What is asked for in one turn of the event loop goes to memory in one round trip. */
export class FetchGatherer {
  readonly #fetch: (keys: readonly string[], deadlineMs: number) => Promise<Fetched>;
  #waiting: Waiting[] = [];

  constructor(fetch: (keys: readonly string[], deadlineMs: number) => Promise<Fetched>) {
    this.#fetch = fetch;
  }

  fetch(keys: readonly string[], deadlineMs: number): Promise<Fetched> {
    return new Promise((answer) => {
      if (this.#waiting.length === 0) setImmediate(() => this.#send());
      this.#waiting.push({ keys, deadlineMs, answer });
    });
  }

  #send(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (let start = 0; start < waiting.length;) {
      const batch: Waiting[] = [];
      let keys = 0;
      while (start < waiting.length && (batch.length === 0 || keys < keysMax)) {
        const one = waiting[start]!;
        batch.push(one);
        keys += one.keys.length;
        start += 1;
      }
      void this.#sendBatch(batch);
    }
  }

  async #sendBatch(batch: readonly Waiting[]): Promise<void> {
    const keys = batch.flatMap((one) => one.keys);
    // The most patient decides: whoever has less time is answered late, and gives up by himself.
    const deadlineMs = Math.max(...batch.map((one) => one.deadlineMs));
    const fetched = await this.#fetch(keys, deadlineMs);
    let at = 0;
    for (const one of batch) {
      const end = at + one.keys.length;
      one.answer(fetched.kind === 'fetched' ? part(fetched.items, at, end) : fetched);
      at = end;
    }
  }
}

const part = (items: readonly (MemoryItem | undefined)[], start: number, end: number): Fetched => ({
  kind: 'fetched',
  items: items.slice(start, end),
});
