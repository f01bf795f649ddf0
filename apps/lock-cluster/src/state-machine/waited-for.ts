import type { Queue } from './line.ts';
import { bitOf, conflictsOf, modeCount } from './modes.ts';
import type { Client, Lock, Place } from './records.ts';
import { isCovered, type Hops } from './waiters-on.ts';

export interface WaitedForOptions {
  /** The search ends when it meets this client. */
  readonly goal: Client;
  /** The search gives up after as many steps. */
  readonly stepsMax: number;
  /** Who is left out, as if they did not wait. */
  readonly without?: Hops;
}

/**
 * The wait-for graph read forwards: everyone whom a wait that is about to begin would wait for. As in
 * the search backwards each place is passed once; here what has been seen is a head of each queue.
 */
export class WaitedFor {
  readonly met = new Set<Client>();
  readonly #options: WaitedForOptions;
  readonly #seenUpTo = new Map<Queue, Place>();
  /** Per key, the modes whose conflicting holders have been met. */
  readonly #seenHolders = new Map<Lock, number>();
  #stepsLeft: number;

  constructor(options: WaitedForOptions) {
    this.#options = options;
    this.#stepsLeft = options.stepsMax;
  }

  /** True when everything within reach of these places was seen and the goal was not among it. */
  excludesGoal(places: readonly Place[]): boolean {
    const { goal } = this.#options;
    for (const place of places) this.#take(place);
    // A set that grows while it is walked hands out what was added, too.
    for (const client of this.met) {
      for (const wait of client.waits) {
        for (const place of wait.places) {
          if (place.standing) this.#take(place);
        }
      }
      if (this.#stepsLeft < 0 || this.met.has(goal)) return false;
    }
    return this.#stepsLeft >= 0 && !this.met.has(goal);
  }

  #take(place: Place): void {
    if (isCovered(place)) return;
    const { lock, mode, first, order, wait } = place;
    const conflicts = conflictsOf(mode);
    if ((lock.heldMask & conflicts) !== 0) this.#takeHolders(place, conflicts);
    if (lock.line === undefined) return;
    for (let ordinal = 0; ordinal < modeCount; ordinal++) {
      if ((conflicts & (1 << ordinal)) === 0) continue;
      this.#takeUpTo(lock.line.queue(true, ordinal), first ? order : Infinity, wait.client);
      if (!first) this.#takeUpTo(lock.line.queue(false, ordinal), order, wait.client);
    }
  }

  #takeHolders({ lock, mode, wait }: Place, conflicts: number): void {
    const seen = this.#seenHolders.get(lock) ?? 0;
    if ((seen & bitOf(mode)) !== 0) return;
    // The goal leaves itself out where it begins; others must still be able to meet it there.
    if (wait.client !== this.#options.goal) this.#seenHolders.set(lock, seen | bitOf(mode));
    for (const hold of lock.holds) {
      if (this.#stepsLeft-- < 0) return;
      if ((conflicts & bitOf(hold.mode)) !== 0) this.#meet(hold.client, wait.client);
    }
  }

  #takeUpTo(queue: Queue | undefined, order: number, own: Client): void {
    if (queue === undefined) return;
    const seen = this.#seenUpTo.get(queue);
    let last: Place | undefined;
    let place = seen === undefined ? queue.head : seen.behind;
    for (; place !== undefined && place.order < order; place = place.behind) {
      if (this.#stepsLeft-- < 0) return;
      this.#meet(place.wait.client, own);
      last = place;
    }
    if (last !== undefined && own !== this.#options.goal) this.#seenUpTo.set(queue, last);
  }

  #meet(client: Client, own: Client): void {
    if (client === own || this.#options.without?.has(client) === true) return;
    this.met.add(client);
  }
}
