import type { Queue } from './line.ts';
import { conflictsOf, covers, modeCount, type Mode } from './modes.ts';
import type { Client, Lock, Place } from './records.ts';

/**
 * The wait-for graph, read backwards. Its nodes are clients: one that waits for one thing gives up
 * nothing else meanwhile. A standing place waits for the holders in conflict with its mode and for
 * the places ahead of it in conflict with its mode. Nothing of the graph is stored; it is read off
 * the lines.
 *
 * Per queue the search notes from which place on it has looked (always a tail of the queue), so it
 * passes each place once and costs no more than what can be reached.
 */
export type Hops = ReadonlyMap<Client, Hop>;

/** The next step on the way to the client the search began at. */
export interface Hop {
  readonly towards: Client;
  readonly key: string;
}

/** Everyone who waits for `root`, directly or through others, each by a shortest way. */
export function waitersOn(root: Client): Hops {
  return new Search(root).run();
}

/**
 * A place whose client already holds what it asks for (in a request for several keys): nothing is in
 * its way.
 */
export function isCovered(place: Place): boolean {
  const own = place.wait.client.holds.get(place.lock);
  return own !== undefined && covers(own.mode, place.mode);
}

class Search {
  readonly #root: Client;
  readonly #hops = new Map<Client, Hop>();
  readonly #seenFrom = new Map<Queue, Place>();
  readonly #frontier: Client[];

  constructor(root: Client) {
    this.#root = root;
    this.#frontier = [root];
  }

  run(): Hops {
    // The list grows while it is walked: breadth first.
    for (const client of this.#frontier) {
      for (const hold of client.holds.values()) {
        if (hold.lock.line !== undefined) this.#takeWaitersForHold(client, hold.lock, hold.mode);
      }
      for (const wait of client.waits) {
        for (const place of wait.places) {
          if (place.standing) this.#takeWaitersBehind(client, place);
        }
      }
    }
    return this.#hops;
  }

  #takeWaitersForHold(client: Client, lock: Lock, mode: Mode): void {
    const conflicts = conflictsOf(mode);
    for (let ordinal = 0; ordinal < modeCount; ordinal++) {
      if ((conflicts & (1 << ordinal)) === 0) continue;
      this.#takeBehind(lock.line!.queue(true, ordinal), -Infinity, client);
      this.#takeBehind(lock.line!.queue(false, ordinal), -Infinity, client);
    }
  }

  #takeWaitersBehind(client: Client, place: Place): void {
    const conflicts = conflictsOf(place.mode);
    const line = place.lock.line!;
    for (let ordinal = 0; ordinal < modeCount; ordinal++) {
      if ((conflicts & (1 << ordinal)) === 0) continue;
      if (place.first) this.#takeBehind(line.queue(true, ordinal), place.order, client);
      const after = place.first ? -Infinity : place.order;
      this.#takeBehind(line.queue(false, ordinal), after, client);
    }
  }

  #takeBehind(queue: Queue | undefined, order: number, towards: Client): void {
    if (queue === undefined) return;
    const seen = this.#seenFrom.get(queue);
    let last: Place | undefined;
    let place = seen === undefined ? queue.tail : seen.ahead;
    for (; place !== undefined && place.order > order; place = place.ahead) {
      last = place;
      const { client } = place.wait;
      if (client === this.#root || this.#hops.has(client) || isCovered(place)) continue;
      this.#hops.set(client, { towards, key: place.lock.key });
      this.#frontier.push(client);
    }
    if (last !== undefined) this.#seenFrom.set(queue, last);
  }
}
