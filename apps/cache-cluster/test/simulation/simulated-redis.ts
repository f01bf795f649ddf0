import { acceptsFlush } from '@quorate/mesi';
import type { Generator, VirtualTime } from '@quorate/testkit';
import type {
  Fetched,
  FlushBatch,
  Flushed,
  Mark,
  MemoryItem,
  ShardMemory,
} from '../../src/memory/memory.ts';

export interface RedisConditions {
  readonly delayMeanMs: number;
  /** Of a request before it arrives (it may arrive much later), and of an answer. */
  readonly lossProbability: number;
}

/** The process that asks: what it waits for is not told to its next life, or while it is stopped. */
export interface Asker {
  after(delayMs: number, run: () => void): void;
}

/**
 * Memory outside of the cluster, on a bad network: what is sent to it arrives late, or so late that
 * nobody waits for it any more, or never; answers get lost. It judges as the script in Redis does.
 */
export class SimulatedRedis {
  readonly items = new Map<string, MemoryItem>();
  fenced = 0;
  unknown = 0;
  readonly #time: VirtualTime;
  readonly #random: Generator;
  #conditions: RedisConditions;
  #mark = { term: 0, attempt: 0 };

  constructor(time: VirtualTime, random: Generator, conditions: RedisConditions) {
    this.#time = time;
    this.#random = random;
    this.#conditions = conditions;
  }

  /** From now on it answers at once. */
  heal(): void {
    this.#conditions = { delayMeanMs: 1, lossProbability: 0 };
  }

  /** As one node sees it. */
  seenBy(asker: Asker): ShardMemory {
    return {
      available: true,
      fetch: (keys) =>
        this.#call<Fetched>(
          asker,
          () => ({ kind: 'fetched', items: keys.map((key) => this.items.get(key)) }),
          { kind: 'unavailable', detail: 'lost' },
        ),
      flush: (batch) =>
        this.#call<Flushed>(asker, () => this.#flush(batch), { kind: 'unknown', detail: 'lost' }),
      readMark: () => this.#call<Mark>(asker, () => 'present', 'unavailable'),
    };
  }

  #call<T>(asker: Asker, serve: () => T, lost: T): Promise<T> {
    const { delayMeanMs, lossProbability } = this.#conditions;
    const random = this.#random;
    const isLost = random.chance(lossProbability);
    const timeoutMs = delayMeanMs * 20;
    // What counts as lost may still arrive, long after the sender has given it up.
    const thereMs = isLost ? timeoutMs * random.between(0.5, 40) : random.exponential(delayMeanMs);
    const isAnswered = !isLost && !random.chance(lossProbability);
    return new Promise((resolve) => {
      let answer: T | undefined;
      this.#time.after(thereMs, () => (answer = serve()));
      const backMs = isAnswered ? thereMs + random.exponential(delayMeanMs) : timeoutMs;
      asker.after(backMs, () => {
        if (isAnswered && answer !== undefined) resolve(answer);
        else {
          this.unknown += 1;
          resolve(lost);
        }
      });
    });
  }

  #flush({ token, writes }: FlushBatch): Flushed {
    if (!acceptsFlush({ ...this.#mark, version: 0 }, { ...token, version: 0 })) {
      this.fenced += 1;
      return { kind: 'fenced', by: this.#mark };
    }
    this.#mark = token;
    const results = writes.map(({ key, version, item }) => {
      if (version < (this.items.get(key)?.version ?? 0)) return 'newer' as const;
      if (item === undefined) this.items.delete(key);
      else this.items.set(key, item);
      return 'written' as const;
    });
    return { kind: 'flushed', results };
  }
}
