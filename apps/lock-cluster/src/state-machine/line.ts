import { conflictsOf, modeCount, ordinalOf, type Mode } from './modes.ts';
import type { Client, Place } from './records.ts';

/**
 * Those who wait at one key: conversions first, then arrivals. Each of the two lines is kept as one
 * queue per mode, in order of place, because the one question asked all the time is "does anyone
 * ahead of me want a mode that is in conflict with mine?": it looks at the heads of at most six
 * queues, however long the line is.
 */
export class Queue {
  head: Place | undefined;
  tail: Place | undefined;

  /** Nearly always at the tail; a place that was suspended finds its old position. */
  insert(place: Place): void {
    let ahead = this.tail;
    while (ahead !== undefined && ahead.order > place.order) ahead = ahead.ahead;
    const behind = ahead === undefined ? this.head : ahead.behind;
    place.ahead = ahead;
    place.behind = behind;
    if (ahead === undefined) this.head = place;
    else ahead.behind = place;
    if (behind === undefined) this.tail = place;
    else behind.ahead = place;
  }

  remove(place: Place): void {
    if (place.ahead === undefined) this.head = place.behind;
    else place.ahead.behind = place.behind;
    if (place.behind === undefined) this.tail = place.ahead;
    else place.behind.ahead = place.ahead;
    place.ahead = undefined;
    place.behind = undefined;
  }
}

export class Line {
  /** By line and ordinal of the mode: conversions 0–5, arrivals 6–11. */
  readonly #queues: (Queue | undefined)[] = new Array<Queue | undefined>(2 * modeCount);
  /** Modes for which somebody stands there. */
  firstMask = 0;
  secondMask = 0;
  size = 0;
  /**
   * Places whose client has another stake in this key (a hold, while it stands among the arrivals,
   * or a second place). With none, whoever stops the head of a queue stops the whole queue.
   */
  entwined = 0;

  queue(first: boolean, ordinal: number): Queue | undefined {
    return this.#queues[first ? ordinal : modeCount + ordinal];
  }

  insert(place: Place): void {
    const ordinal = ordinalOf(place.mode);
    const slot = place.first ? ordinal : modeCount + ordinal;
    (this.#queues[slot] ??= new Queue()).insert(place);
    if (place.first) this.firstMask |= 1 << ordinal;
    else this.secondMask |= 1 << ordinal;
    place.standing = true;
    this.size += 1;
    if (place.entwined) this.entwined += 1;
  }

  remove(place: Place): void {
    const ordinal = ordinalOf(place.mode);
    const queue = this.#queues[place.first ? ordinal : modeCount + ordinal]!;
    queue.remove(place);
    if (queue.head === undefined) {
      if (place.first) this.firstMask &= ~(1 << ordinal);
      else this.secondMask &= ~(1 << ordinal);
    }
    place.standing = false;
    this.size -= 1;
    if (place.entwined) this.entwined -= 1;
  }

  /** Somebody else ahead of the position who wants a mode in conflict with `mode`. */
  conflictAhead(mode: Mode, client: Client | undefined, position: Position): Place | undefined {
    const conflicts = conflictsOf(mode);
    if (position.first) {
      return this.#firstOther(conflicts & this.firstMask, true, { client, order: position.order });
    }
    return (
      this.#firstOther(conflicts & this.firstMask, true, { client, order: Infinity }) ??
      this.#firstOther(conflicts & this.secondMask, false, { client, order: position.order })
    );
  }

  /** Everyone else ahead of the position who wants a mode in conflict with `mode`. */
  conflictsAhead(mode: Mode, client: Client, { first, order }: Position): Place[] {
    const conflicts = conflictsOf(mode);
    const ahead: Place[] = [];
    for (let ordinal = 0; ordinal < modeCount; ordinal++) {
      if ((conflicts & (1 << ordinal)) === 0) continue;
      gather(this.queue(true, ordinal), first ? order : Infinity, ahead);
      if (!first) gather(this.queue(false, ordinal), order, ahead);
    }
    return ahead.filter((place) => place.wait.client !== client);
  }

  countAhead({ first, order }: Position): number {
    // Whoever came last, as most who ask did, needs no counting.
    if (!first && this.#isLastArrival(order)) return this.size - 1;
    let ahead = 0;
    for (let ordinal = 0; ordinal < modeCount; ordinal++) {
      ahead += countUpTo(this.queue(true, ordinal), first ? order : Infinity);
      if (!first) ahead += countUpTo(this.queue(false, ordinal), order);
    }
    return ahead;
  }

  /** All places, in line. */
  inOrder(): Place[] {
    return [...this.#walk(true), ...this.#walk(false)];
  }

  #firstOther(
    mask: number,
    first: boolean,
    { client, order }: { readonly client: Client | undefined; readonly order: number },
  ): Place | undefined {
    for (let ordinal = 0; mask >> ordinal !== 0; ordinal++) {
      if ((mask & (1 << ordinal)) === 0) continue;
      let place = this.queue(first, ordinal)?.head;
      while (place !== undefined && place.wait.client === client) place = place.behind;
      if (place !== undefined && place.order < order) return place;
    }
    return undefined;
  }

  #isLastArrival(order: number): boolean {
    for (let ordinal = 0; ordinal < modeCount; ordinal++) {
      const tail = this.queue(false, ordinal)?.tail;
      if (tail !== undefined && tail.order > order) return false;
    }
    return true;
  }

  #walk(first: boolean): Place[] {
    const places: Place[] = [];
    for (let ordinal = 0; ordinal < modeCount; ordinal++) {
      let place = this.queue(first, ordinal)?.head;
      for (; place !== undefined; place = place.behind) places.push(place);
    }
    return places.sort((a, b) => a.order - b.order);
  }
}

function gather(queue: Queue | undefined, order: number, into: Place[]): void {
  let place = queue?.head;
  for (; place !== undefined && place.order < order; place = place.behind) into.push(place);
}

function countUpTo(queue: Queue | undefined, order: number): number {
  let count = 0;
  let place = queue?.head;
  for (; place !== undefined && place.order < order; place = place.behind) count += 1;
  return count;
}

/** Of a place, or of one that is yet to be taken (`order` infinite: the tail). */
export interface Position {
  readonly first: boolean;
  readonly order: number;
}
