import type { CycleStep } from './replies.ts';
import { bitOf, conflictsOf, type Mode } from './modes.ts';
import type { Client, Lock, Place, Wait } from './records.ts';
import type { LockState } from './state.ts';
import { WaitedFor } from './waited-for.ts';
import { isCovered, waitersOn, type Hops } from './waiters-on.ts';

/**
 * Taking a place in line, and the deadlocks that this may close.
 *
 * A wait-for cycle can only come about when somebody starts to wait (a grant turns "behind it in
 * line" into "behind its hold", which is the same edge), so that is the only time to look. Let W be
 * everyone who already waits for the newcomer. If one of the holders in its way is in W, waiting
 * would close a true cycle, and the newcomer is refused. If one who merely stands ahead in line is in
 * W, no cycle is needed: it cannot get on before the newcomer does, so the newcomer overtakes it.
 *
 * The line is changed as little as that allows: the overtaken go behind the newcomer in their old
 * order. They pass nobody in conflict with them by that, because whoever stood between and was in
 * conflict waited for them, so is in W too. A conversion goes ahead of all arrivals except those its
 * client waits for, by this wait or another, and these come ahead with it by the same argument.
 */
export type Cycle = readonly CycleStep[];

/** Most who start to wait are in nobody's way; a few steps show it. */
const glanceStepsMax = 64;

/** Gives the wait its places at the tail, or returns the cycle that it would close. */
export function takePlaces(state: LockState, wait: Wait): Cycle | undefined {
  for (const place of wait.places) {
    place.first = place.converts;
    place.order = Infinity;
  }
  const { client } = wait;
  const glance = new WaitedFor({ goal: client, stepsMax: glanceStepsMax });
  const isAlone = client.holds.size === 0 && client.waits.size === 0;
  if (isAlone || glance.excludesGoal(withOtherWaits(wait.places, client))) {
    for (const place of wait.places) {
      if (place.first) bringAlong(state, place, glance.met);
      place.order = state.takeSerial();
    }
    return undefined;
  }
  const hops = waitersOn(client);
  const cycle = cycleThroughHolders(wait, hops);
  if (cycle !== undefined) return cycle;
  const ahead = everyoneWaitedFor(wait, hops);
  for (const place of wait.places) {
    const overtaken = overtakenBy(place, hops);
    if (place.first) bringAlong(state, place, ahead);
    place.order = state.takeSerial();
    for (const other of overtaken) moveTo(state, other, place.first);
  }
  return undefined;
}

/**
 * A wait that was suspended stands where it stood. If that closes a cycle (the world went on without
 * it), it gives up its place and is taken as a newcomer.
 */
export function resumePlaces(state: LockState, wait: Wait): Cycle | undefined {
  state.stepIn(wait);
  const glance = new WaitedFor({ goal: wait.client, stepsMax: glanceStepsMax });
  if (glance.excludesGoal(wait.places)) return undefined;
  const hops = waitersOn(wait.client);
  const inTheWay = (place: Place): boolean =>
    !isCovered(place) &&
    (holdersInTheWay(place).some((holder) => hops.has(holder)) ||
      placesInTheWay(place).some((other) => hops.has(other.wait.client)));
  if (!wait.places.some(inTheWay)) return undefined;
  state.stepOut(wait);
  const cycle = takePlaces(state, wait);
  if (cycle === undefined) state.stepIn(wait);
  return cycle;
}

export const placesInTheWay = (place: Place): readonly Place[] =>
  place.lock.line?.conflictsAhead(place.mode, place.wait.client, place) ?? [];

function cycleThroughHolders(wait: Wait, hops: Hops): Cycle | undefined {
  for (const place of wait.places) {
    if (isCovered(place)) continue;
    for (const holder of holdersInTheWay(place)) {
      if (hops.has(holder)) return nameCycle(place, holder, hops);
    }
  }
  return undefined;
}

function nameCycle(place: Place, holder: Client, hops: Hops): Cycle {
  const { client } = place.wait;
  const cycle: CycleStep[] = [{ client: client.id, key: place.lock.key, waitsFor: holder.id }];
  let from = holder;
  while (from !== client) {
    const { towards, key } = hops.get(from)!;
    cycle.push({ client: from.id, key, waitsFor: towards.id });
    from = towards;
  }
  return cycle;
}

export function holdersInTheWay({ lock, mode, wait }: Place): Client[] {
  const conflicts = conflictsOf(mode);
  if ((lock.heldMask & conflicts) === 0) return [];
  const holders: Client[] = [];
  for (const hold of lock.holds) {
    if ((conflicts & bitOf(hold.mode)) === 0 || hold.client === wait.client) continue;
    holders.push(hold.client);
  }
  return holders;
}

/** Everyone the wait will wait for; needed only where it goes ahead of others. */
function everyoneWaitedFor(wait: Wait, without: Hops): ReadonlySet<Client> {
  const search = new WaitedFor({ goal: wait.client, stepsMax: Infinity, without });
  const goesAhead = wait.places.some(({ first, lock }) => first && lock.line?.secondMask !== 0);
  if (goesAhead) search.excludesGoal(withOtherWaits(wait.places, wait.client));
  return search.met;
}

function withOtherWaits(places: readonly Place[], client: Client): readonly Place[] {
  if (client.waits.size === 0) return places;
  const others = Array.from(client.waits, (wait) => wait.places).flat();
  return [...places, ...others.filter((place) => place.standing)];
}

/**
 * Whether a conversion, if it were granted at once, would get in the way of an arrival that its client
 * waits for: the arrival would then wait for the client, and the client for the arrival.
 */
export function passesOneWaitedFor(lock: Lock, client: Client, mode: Mode): boolean {
  if (client.waits.size === 0) return false;
  const inTheWay = lock.line?.conflictsAhead(mode, client, { first: false, order: Infinity }) ?? [];
  const arrivals = inTheWay.filter((place) => !place.first);
  if (arrivals.length === 0) return false;
  const search = new WaitedFor({ goal: client, stepsMax: Infinity });
  search.excludesGoal(withOtherWaits([], client));
  return arrivals.some((place) => search.met.has(place.wait.client));
}

/** Those ahead who wait for the newcomer, if one of them is in conflict with it. */
function overtakenBy(place: Place, hops: Hops): readonly Place[] {
  const { line } = place.lock;
  if (line === undefined || hops.size === 0 || isCovered(place)) return [];
  const mustOvertake = placesInTheWay(place).some((other) => hops.has(other.wait.client));
  if (!mustOvertake) return [];
  return line
    .inOrder()
    .filter((other) => (!place.first || other.first) && hops.has(other.wait.client));
}

/** Arrivals that the conversion waits for come ahead with it. */
function bringAlong(state: LockState, place: Place, ahead: ReadonlySet<Client>): void {
  const { line } = place.lock;
  if (line === undefined || line.secondMask === 0 || ahead.size === 0) return;
  const along: Place[] = [];
  for (const client of ahead) {
    let other = client.places.get(place.lock);
    for (; other !== undefined; other = other.sibling) {
      if (other.standing && !other.first) along.push(other);
    }
  }
  along.sort((a, b) => a.order - b.order);
  for (const other of along) moveTo(state, other, true);
}

/** To the tail of the first or the second line. */
function moveTo(state: LockState, place: Place, first: boolean): void {
  state.waits.change(place.wait.id);
  const line = place.lock.line!;
  line.remove(place);
  place.first = first;
  place.order = state.takeSerial();
  line.insert(place);
}
