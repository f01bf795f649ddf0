import type { Fill, LineState } from '@quorate/mesi';
import type { Problem } from '@quorate/service-kit';
import type { CacheItem } from '../state-machine/value.ts';

/** What a read finds, and where. */
export type Found =
  | {
      readonly kind: 'value';
      readonly item: CacheItem;
      /** Of this node's line; I where the value was answered and not kept. */
      readonly state: LineState;
      readonly source: Source;
    }
  | { readonly kind: 'absent' };

export type Source = 'cache' | 'memory' | 'redis';

/** A BusRd under way, and all on this node who wait for the same key. */
export class Miss {
  readonly key: string;
  readonly answer: Promise<Found | Problem>;
  /** Answers all who wait. */
  end!: (answer: Found | Problem) => void;
  /** Set when the BusRd is applied and the value is not here: it may become a line later. */
  fill: Fill | undefined;

  constructor(key: string) {
    this.key = key;
    this.answer = new Promise((resolve) => (this.end = resolve));
  }
}

/**
 * One BusRd and one fetch for all who miss the same key at once. Whoever comes later may join only as
 * long as nothing that was completed before it came can be missing from the answer: with a lease, all
 * that was completed stands in this node's log, so a write or drop that is *appended* here ends the
 * joining. Without a lease nobody may join.
 */
export class Misses {
  readonly #underWay = new Map<string, Miss>();
  readonly #joinable = new Map<string, Miss>();

  get size(): number {
    return this.#underWay.size;
  }

  begin(key: string): Miss {
    const miss = new Miss(key);
    this.#underWay.set(key, miss);
    this.#joinable.set(key, miss);
    return miss;
  }

  joinable(key: string): Miss | undefined {
    return this.#joinable.get(key);
  }

  /** The newest of the key: the one that an applied BusRd serves. */
  underWay(key: string): Miss | undefined {
    return this.#underWay.get(key);
  }

  close(key: string): void {
    this.#joinable.delete(key);
  }

  closeAll(): void {
    this.#joinable.clear();
  }

  end(miss: Miss): void {
    if (this.#underWay.get(miss.key) === miss) this.#underWay.delete(miss.key);
    if (this.#joinable.get(miss.key) === miss) this.#joinable.delete(miss.key);
  }
}
