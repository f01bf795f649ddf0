import { invariant } from '@quorate/raft';
import type { Queue } from './line.ts';
import { tokenAt } from './ids.ts';
import type { Caller } from './events.ts';
import {
  bitOf,
  conflictsOf,
  covers,
  modeCount,
  ordinalOf,
  weakestCovering,
  type Mode,
} from './modes.ts';
import type { Client, Hold, Lock, Place, Ticket, Wait } from './records.ts';
import type { HeldKey } from './replies.ts';
import type { LockState, Step } from './state.ts';
import { isCovered } from './waiters-on.ts';

export interface GrantOptions {
  readonly exact: boolean;
  readonly ttlMs: number | undefined;
  readonly lockDelayMs: number | undefined;
  /** The only call that is told. */
  readonly caller: Caller | undefined;
}

/** Does anyone else hold the key in a mode in conflict with this one? */
export function isHeldAgainst(lock: Lock, client: Client | undefined, mode: Mode): boolean {
  const against = lock.heldMask & conflictsOf(mode);
  if (against === 0) return false;
  const own = client?.holds.get(lock);
  if (own === undefined) return true;
  if ((against & ~bitOf(own.mode)) !== 0) return true;
  return lock.held[ordinalOf(own.mode)]! > 1;
}

/** Gives one key to a client, who may hold it already. Nothing may be in the way. */
export function grant(
  state: LockState,
  step: Step,
  to: { readonly client: Client; readonly lock: Lock; readonly mode: Mode } & GrantOptions,
): Hold {
  const own = to.client.holds.get(to.lock);
  const hold = own === undefined ? grantNew(state, step, to) : regrant(state, step, own, to);
  // Another wait of the same client may now be covered by what it holds.
  if (to.client.places.has(to.lock)) step.freed.push(to.lock);
  return hold;
}

function grantNew(state: LockState, step: Step, to: Parameters<typeof grant>[2]): Hold {
  // A conversion is never granted without the hold that it converts.
  invariant(to.ttlMs !== undefined, 'a new hold is granted for some time');
  const hold: Hold = {
    kind: 'hold',
    serial: state.takeSerial(),
    lock: to.lock,
    client: to.client,
    mode: to.mode,
    token: tokenAt(step.at.index),
    ttlMs: to.ttlMs,
    lockDelayMs: to.lockDelayMs ?? 0,
    dueMs: step.at.atMs + to.ttlMs,
    heapIndex: -1,
    caller: to.caller,
    ticket: undefined,
    former: undefined,
  };
  state.addHold(hold);
  return hold;
}

/**
 * Renews the lease, and changes the mode where the hold does not cover what is asked for. A hold that
 * gains rights is a new grant with a new token; one that loses some keeps its token, because whoever
 * guards a resource by it has seen nothing newer.
 */
function regrant(
  state: LockState,
  step: Step,
  hold: Hold,
  { mode, exact, ttlMs, lockDelayMs, caller }: GrantOptions & { readonly mode: Mode },
): Hold {
  state.holds.change(hold.serial);
  const { mode: oldMode, token: oldToken } = hold;
  const newMode = exact ? mode : weakestCovering(oldMode, mode);
  const gains = !covers(oldMode, newMode);
  if (newMode !== oldMode) state.setMode(hold, newMode);
  confirm(state, hold);
  if (gains) {
    hold.token = tokenAt(step.at.index);
    hold.caller = caller;
    hold.former = { mode: oldMode, token: oldToken };
  }
  renew(state, step, hold, ttlMs);
  if (lockDelayMs !== undefined) hold.lockDelayMs = lockDelayMs;
  if (!covers(newMode, oldMode)) step.freed.push(hold.lock);
  return hold;
}

/** The hold must be open to change. */
export function renew(state: LockState, step: Step, hold: Hold, ttlMs = hold.ttlMs): void {
  hold.ttlMs = ttlMs;
  state.deadlines.schedule(hold, step.at.atMs + ttlMs);
}

/** Somebody beside the first call knows of the grant: it stands, whoever leaves. */
export function confirm(state: LockState, hold: Hold): void {
  hold.caller = undefined;
  hold.former = undefined;
  if (hold.ticket !== undefined) state.deadlines.remove(hold.ticket);
}

export const heldKey = ({ lock, mode, token, dueMs }: Hold): HeldKey => ({
  key: lock.key,
  mode,
  token,
  expiresAtMs: dueMs,
});

/** Grants whatever has become possible. Every entry ends with this. */
export function settle(state: LockState, step: Step): void {
  for (let lock = step.freed.pop(); lock !== undefined; lock = step.freed.pop()) {
    if (lock.line === undefined || lock.delay !== undefined) continue;
    grantFromLine(state, step, lock);
  }
}

function grantFromLine(state: LockState, step: Step, lock: Lock): void {
  for (let slot = 0; slot < 2 * modeCount; slot++) {
    const line = lock.line;
    if (line === undefined) return;
    const first = slot < modeCount;
    const ordinal = first ? slot : slot - modeCount;
    const mask = first ? line.firstMask : line.secondMask;
    if ((mask & (1 << ordinal)) === 0) continue;
    const queue = line.queue(first, ordinal)!;
    // Whoever stops the head of a queue stops all of it, unless somebody there has a further stake.
    grantFromQueue(state, step, { queue, toTheEnd: first || line.entwined > 0 });
  }
}

function grantFromQueue(
  state: LockState,
  step: Step,
  { queue, toTheEnd }: { readonly queue: Queue; readonly toTheEnd: boolean },
): void {
  let place = queue.head;
  while (place !== undefined) {
    // A granted place is taken out of the queue.
    const { behind } = place;
    if (isBlocked(place)) {
      if (!toTheEnd) return;
    } else if (isBlockedElsewhere(place)) {
      // It keeps its place, and stops those behind it who are in conflict with it.
    } else if (mayBeGranted(state, step, place.wait)) {
      grantWait(state, step, place.wait);
    }
    place = behind;
  }
}

export function isBlocked(place: Place): boolean {
  if (isCovered(place)) return false;
  const { lock, mode, wait } = place;
  if (lock.delay !== undefined || isHeldAgainst(lock, wait.client, mode)) return true;
  return lock.line?.conflictAhead(mode, wait.client, place) !== undefined;
}

const isBlockedElsewhere = (place: Place): boolean =>
  place.wait.places.length > 1 &&
  place.wait.places.some((other) => other !== place && isBlocked(other));

/**
 * A grant to a caller known to be gone would be a key that nobody holds. Such a wait is suspended on
 * the spot, should its turn come before the review of all its node's waits has reached it. A ticket
 * that is overdue is left to lapse, which the same or the next clock entry does.
 */
function mayBeGranted(state: LockState, step: Step, wait: Wait): boolean {
  if (liveCallers(state, wait).length > 0) return true;
  // Granted and lapsed by one and the same entry, it would leave its token to the next in line.
  if (wait.askByMs !== undefined) return wait.askByMs > step.at.atMs;
  suspend(state, step, wait);
  return false;
}

export const liveCallers = (state: LockState, wait: Wait): readonly Caller[] =>
  wait.callers.filter((caller) => !state.lives.isGone(caller));

export function suspend(state: LockState, step: Step, wait: Wait): void {
  state.waits.change(wait.id);
  wait.suspended = true;
  state.stepOut(wait);
  for (const { lock } of wait.places) step.freed.push(lock);
  step.events.push({ kind: 'suspended', wait: wait.id, callers: wait.callers });
}

/** The wait ends in holds; those who are parked with it are told. */
export function grantWait(state: LockState, step: Step, wait: Wait): readonly HeldKey[] {
  const { client, exact, ttlMs, lockDelayMs, callers } = wait;
  const caller = callers.length === 1 ? callers[0] : undefined;
  const index = step.at.index;
  const holds = wait.places.map(({ lock, mode }) =>
    grant(state, step, { client, lock, mode, exact, ttlMs, lockDelayMs, caller }),
  );
  if (wait.askByMs !== undefined) {
    const fresh = holds.filter((hold) => hold.token === tokenAt(index));
    giveToTicket(state, wait, fresh);
  }
  state.removeWait(wait);
  const held = holds.map(heldKey);
  step.events.push({ kind: 'granted', wait: wait.id, client: client.id, holds: held, callers });
  return held;
}

/** Kept so that the ticket's owner can learn of the grant, and take it back where nobody asks. */
function giveToTicket(state: LockState, wait: Wait, holds: readonly Hold[]): void {
  const ticket: Ticket = {
    kind: 'ticket',
    serial: state.takeSerial(),
    id: wait.id,
    client: wait.client.id,
    holds: new Set(holds),
    dueMs: Infinity,
    heapIndex: -1,
  };
  for (const hold of holds) {
    state.holds.change(hold.serial);
    state.untie(hold);
    hold.ticket = ticket;
  }
  state.addTicket(ticket, liveCallers(state, wait).length === 0 ? wait.askByMs : undefined);
}
