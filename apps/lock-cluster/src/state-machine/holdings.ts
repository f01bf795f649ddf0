import type { FencingToken } from './ids.ts';
import type { LeaveCommand, ReleaseCommand, RenewCommand } from './commands.ts';
import { endHold, endWait, takeBack } from './ending.ts';
import type { Caller } from './events.ts';
import { confirm, heldKey, liveCallers, renew, suspend } from './granting.ts';
import type { Client, Hold, Wait } from './records.ts';
import type { LockReply } from './replies.ts';
import { holdOf } from './requests.ts';
import type { LockState, Step } from './state.ts';
import { scheduleWait } from './waits.ts';

/** All of the keys or none: a wrong token for one of them changes nothing. */
export function release(state: LockState, step: Step, command: ReleaseCommand): LockReply {
  const chosen = choose(state, command.client, command.keys, command.token);
  if (chosen.kind !== 'chosen') return chosen;
  for (const hold of chosen.holds) endHold(state, step, hold);
  return { kind: 'released', keys: chosen.holds.map(({ lock }) => lock.key) };
}

export function renewLeases(state: LockState, step: Step, command: RenewCommand): LockReply {
  const { client: id, ttlMs, token } = command;
  const keys = command.keys ?? keysHeldBy(state.clients.get(id));
  if (keys.length === 0) return { kind: 'not-holder', keys: [] };
  const chosen = choose(state, id, keys, token);
  if (chosen.kind !== 'chosen') return chosen;
  for (const hold of chosen.holds) {
    state.holds.change(hold.serial);
    confirm(state, hold);
    renew(state, step, hold, ttlMs);
  }
  return { kind: 'renewed', holds: chosen.holds.map(heldKey) };
}

/**
 * A caller has gone. Whatever only that call waited for or was granted is given back; where others
 * share the wait or know of the grant, nothing is taken from them.
 */
export function leave(state: LockState, step: Step, command: LeaveCommand): LockReply {
  const client = state.clients.get(command.client);
  if (client === undefined) return { kind: 'left' };
  const { node, incarnation } = step.at.origin;
  const isGone = (caller: Caller | undefined): boolean =>
    caller?.call === command.call && caller.node === node && caller.incarnation === incarnation;
  for (const wait of waitsAt(state, client, command.keys)) {
    if (wait.callers.some(isGone)) leaveWait(state, step, wait, isGone);
  }
  for (const key of command.keys) {
    const hold = holdOf(state, client, key);
    if (hold === undefined || !isGone(hold.caller)) continue;
    if (hold.ticket === undefined) takeBack(state, step, hold);
    else leaveTicket(state, step, hold);
  }
  return { kind: 'left' };
}

function leaveWait(
  state: LockState,
  step: Step,
  wait: Wait,
  isGone: (caller: Caller) => boolean,
): void {
  state.waits.change(wait.id);
  wait.callers = wait.callers.filter((caller) => !isGone(caller));
  const hasTicket = wait.askByMs !== undefined;
  if (wait.callers.length === 0 && !hasTicket) {
    endWait(state, step, wait);
    return;
  }
  scheduleWait(state, wait);
  if (!hasTicket && !wait.suspended && liveCallers(state, wait).length === 0) {
    suspend(state, step, wait);
  }
}

/** The ticket itself is still good: its owner may ask again. */
function leaveTicket(state: LockState, step: Step, hold: Hold): void {
  const ticket = state.tickets.change(hold.ticket!.id)!;
  state.holds.change(hold.serial);
  hold.caller = undefined;
  state.deadlines.schedule(ticket, step.at.atMs + state.limits.ticketPatienceMs);
}

type Chosen =
  | { readonly kind: 'chosen'; readonly holds: readonly Hold[] }
  | Extract<LockReply, { kind: 'not-holder' | 'token-mismatch' }>;

function choose(
  state: LockState,
  id: string,
  keys: readonly string[],
  token: FencingToken | undefined,
): Chosen {
  const client = state.clients.get(id);
  // A key named twice is one key.
  const named = new Set<Hold>();
  const missing: string[] = [];
  for (const key of keys) {
    const hold = holdOf(state, client, key);
    if (hold === undefined) missing.push(key);
    else named.add(hold);
  }
  const holds = [...named];
  if (missing.length > 0) return { kind: 'not-holder', keys: missing };
  const other = token === undefined ? undefined : holds.find((hold) => hold.token !== token);
  if (other === undefined) return { kind: 'chosen', holds };
  return { kind: 'token-mismatch', key: other.lock.key, current: other.token };
}

/** In the order in which they were granted. */
function keysHeldBy(client: Client | undefined): readonly string[] {
  if (client === undefined) return [];
  return Array.from(client.holds.keys(), ({ key }) => key);
}

/** The client's waits that stand at any of the keys. */
export function waitsAt(
  state: LockState,
  client: Client,
  keys: readonly string[],
): ReadonlySet<Wait> {
  const waits = new Set<Wait>();
  for (const key of keys) {
    const lock = state.locks.get(key);
    let place = lock === undefined ? undefined : client.places.get(lock);
    for (; place !== undefined; place = place.sibling) waits.add(place.wait);
  }
  return waits;
}
