import type { AcquireCommand, ConvertCommand, KeyMode } from './commands.ts';
import { endWait } from './ending.ts';
import type { Caller } from './events.ts';
import { confirm, grant, grantWait, heldKey, isBlocked, isHeldAgainst } from './granting.ts';
import { waitAt } from './ids.ts';
import { bitOf, conflictsOf, covers, weakestCovering } from './modes.ts';
import { newPlace } from './record-codec.ts';
import type { Client, Hold, Lock, Place, Wait } from './records.ts';
import type { Conflict, Holder, LockReply, Overload } from './replies.ts';
import { passesOneWaitedFor, resumePlaces, takePlaces } from './standing.ts';
import type { LockState, Step } from './state.ts';
import { waitersOn } from './waiters-on.ts';
import { positionOf, scheduleWait } from './waits.ts';

/** What acquire and convert have in common. */
interface Request {
  readonly client: string;
  readonly keys: readonly KeyMode[];
  readonly exact: boolean;
  readonly ttlMs: number | undefined;
  readonly lockDelayMs: number | undefined;
  readonly waitMs: number;
  readonly queue: boolean;
  readonly call: number;
}

export function acquire(state: LockState, step: Step, command: AcquireCommand): LockReply {
  const request = requestOf(command);
  if (state.reserved.size > 0) {
    const foreign = request.keys.find(({ key }) => state.reserved.has(key));
    if (foreign !== undefined) {
      return { kind: 'wrong-algorithm', key: foreign.key, uses: 'ricart-agrawala' };
    }
  }
  return ask(state, step, request);
}

export function convert(state: LockState, step: Step, command: ConvertCommand): LockReply {
  const client = state.clients.get(command.client);
  const missing = command.keys.filter((key) => holdOf(state, client, key) === undefined);
  if (missing.length > 0) return { kind: 'not-holder', keys: missing };
  return ask(state, step, requestOf(command));
}

/**
 * The request was applied before and comes again under the same id: it joins its own wait, or says
 * what the client holds now. Nothing is granted that the first one was not.
 */
export function repeatRequest(
  state: LockState,
  step: Step,
  { command, first }: { command: AcquireCommand | ConvertCommand; first: LockReply },
): LockReply {
  if (first.kind !== 'granted' && first.kind !== 'waiting' && first.kind !== 'queued') return first;
  const request = requestOf(command);
  const client = state.clients.get(request.client);
  const wait = findWait(state, client, request);
  if (wait !== undefined && (request.queue || request.waitMs > 0)) {
    return join(state, step, wait, request);
  }
  const holds = request.keys.map(({ key }) => holdOf(state, client, key));
  const isStill = (hold: Hold | undefined, index: number): hold is Hold => {
    if (hold === undefined) return false;
    const { mode } = request.keys[index]!;
    return request.exact ? hold.mode === mode : covers(hold.mode, mode);
  };
  if (!holds.every(isStill)) return { kind: 'ended', first: first.kind };
  for (const hold of holds) confirm(state, state.holds.change(hold.serial)!);
  return { kind: 'granted', client: request.client, holds: holds.map(heldKey) };
}

function ask(state: LockState, step: Step, request: Request): LockReply {
  const { client: id, keys, exact, ttlMs, lockDelayMs, waitMs, queue } = request;
  const known = state.clients.get(id);
  const mayWait = queue || waitMs > 0;
  const standing = known === undefined ? undefined : findWait(state, known, request);
  if (standing !== undefined && mayWait) return join(state, step, standing, request);
  if (canBeGranted(state, known, request)) {
    if (state.holds.size + keys.length > state.limits.holdsMax) return overloaded('holds');
    const caller = callerOf(step, request);
    const client = state.client(id);
    const holds = keys.map(({ key, mode }) => {
      const to = { client, lock: state.lock(key), mode, exact, ttlMs, lockDelayMs, caller };
      return heldKey(grant(state, step, to));
    });
    return { kind: 'granted', client: id, holds };
  }
  if (!mayWait) return { kind: 'held', conflicts: conflictsOfRequest(state, known, request) };
  return beginToWait(state, step, request);
}

function beginToWait(state: LockState, step: Step, request: Request): LockReply {
  const { limits } = state;
  if (state.waits.size >= limits.waitsMax) return overloaded('waits');
  for (const { key } of request.keys) {
    const waiting = state.locks.get(key)?.placeCount ?? 0;
    if (waiting >= limits.waitersPerKeyMax) return overloaded('waiters-per-key');
  }
  const wait = newWait(state, step, request);
  const cycle = takePlaces(state, wait);
  if (cycle !== undefined) {
    state.forgetUnused(wait);
    return { kind: 'deadlock', cycle };
  }
  state.addWait(wait);
  return welcome(state, step, wait, request);
}

/** The same request again: it keeps its place. */
function join(state: LockState, step: Step, wait: Wait, request: Request): LockReply {
  if (wait.callers.length >= state.limits.callersPerWaitMax && request.waitMs > 0) {
    return overloaded('callers-per-wait');
  }
  state.waits.change(wait.id);
  if (request.waitMs > 0) wait.callers = [...wait.callers, callerOf(step, request)];
  if (request.queue) wait.askByMs = Math.max(wait.askByMs ?? 0, askByMs(state, step, request));
  const resumed = wait.suspended ? resume(state, step, wait) : undefined;
  return resumed ?? welcome(state, step, wait, request);
}

/** Undefined where it stands in line again. */
export function resume(
  state: LockState,
  step: Step,
  wait: Wait,
): Extract<LockReply, { kind: 'granted' | 'deadlock' }> | undefined {
  state.waits.change(wait.id);
  const cycle = resumePlaces(state, wait);
  wait.suspended = false;
  if (cycle !== undefined) {
    endWait(state, step, wait);
    return { kind: 'deadlock', cycle };
  }
  if (wait.places.some(isBlocked)) return undefined;
  return { kind: 'granted', client: wait.client.id, holds: grantWait(state, step, wait) };
}

function welcome(state: LockState, step: Step, wait: Wait, request: Request): LockReply {
  scheduleWait(state, wait);
  if (request.waitMs > 0) {
    return { kind: 'waiting', wait: wait.id, untilMs: step.at.atMs + request.waitMs };
  }
  return { kind: 'queued', ticket: wait.id, position: positionOf(wait) };
}

/** At once: nobody holds against it, and nobody ahead in line who does not wait for this client. */
function canBeGranted(state: LockState, client: Client | undefined, request: Request): boolean {
  let isOnlyLine = true;
  for (const { key, mode } of request.keys) {
    const lock = state.locks.get(key);
    if (lock === undefined) continue;
    const own = client?.holds.get(lock);
    if (own !== undefined && covers(own.mode, mode)) continue;
    if (lock.delay !== undefined || isHeldAgainst(lock, client, mode)) return false;
    if (own !== undefined && passesOneWaitedFor(lock, client!, mode)) return false;
    const position = { first: own !== undefined, order: Infinity };
    if (lock.line?.conflictAhead(mode, client, position) !== undefined) isOnlyLine = false;
  }
  if (isOnlyLine) return true;
  // Whoever holds nothing and waits for nothing is waited for by nobody.
  if (client === undefined) return false;
  const hops = waitersOn(client);
  return request.keys.every(({ key, mode }) => {
    const lock = state.locks.get(key);
    const own = lock === undefined ? undefined : client.holds.get(lock);
    if (lock?.line === undefined || (own !== undefined && covers(own.mode, mode))) return true;
    const position = { first: own !== undefined, order: Infinity };
    const inTheWay = lock.line.conflictsAhead(mode, client, position);
    return inTheWay.every((place) => hops.has(place.wait.client));
  });
}

function newWait(state: LockState, step: Step, request: Request): Wait {
  const client = state.client(request.client);
  const places: Place[] = [];
  const wait: Wait = {
    kind: 'wait',
    serial: state.takeSerial(),
    id: waitAt(step.at.index),
    client,
    places,
    exact: request.exact,
    ttlMs: request.ttlMs,
    lockDelayMs: request.lockDelayMs,
    callers: request.waitMs > 0 ? [callerOf(step, request)] : [],
    askByMs: request.queue ? askByMs(state, step, request) : undefined,
    suspended: false,
    dueMs: Infinity,
    heapIndex: -1,
  };
  for (const { key, mode } of request.keys) {
    const lock = state.lock(key);
    places.push(newPlace(wait, lock, { mode, converts: client.holds.has(lock) }));
  }
  return wait;
}

/** A client may have several waits at a key; the same one asks for the same keys and modes. */
function findWait(
  state: LockState,
  client: Client | undefined,
  request: Request,
): Wait | undefined {
  const lock = state.locks.get(request.keys[0]?.key ?? '');
  let place = lock === undefined ? undefined : client?.places.get(lock);
  for (; place !== undefined; place = place.sibling) {
    const { wait } = place;
    if (wait.exact !== request.exact || wait.places.length !== request.keys.length) continue;
    const isSame = request.keys.every(({ key, mode }) =>
      wait.places.some((other) => other.lock.key === key && other.mode === mode),
    );
    if (isSame) return wait;
  }
  return undefined;
}

function conflictsOfRequest(
  state: LockState,
  client: Client | undefined,
  { keys }: Request,
): readonly Conflict[] {
  const conflicts: Conflict[] = [];
  for (const { key, mode } of keys) {
    const lock = state.locks.get(key);
    if (lock === undefined) continue;
    const conflict = conflictAt(state, lock, { client, mode });
    const isHeld = conflict.holderCount > 0 || conflict.delayedUntilMs !== undefined;
    const own = client?.holds.get(lock);
    const position = { first: own !== undefined, order: Infinity };
    if (own !== undefined && covers(own.mode, mode)) continue;
    const isFree =
      !isHeld &&
      lock.line?.conflictAhead(mode, client, position) === undefined &&
      (own === undefined || !passesOneWaitedFor(lock, client!, mode));
    if (!isFree) conflicts.push(conflict);
  }
  return conflicts;
}

function conflictAt(
  state: LockState,
  lock: Lock,
  { client, mode }: { readonly client: Client | undefined; readonly mode: KeyMode['mode'] },
): Conflict {
  const against = conflictsOf(mode);
  const holders: Holder[] = [];
  let holderCount = 0;
  if ((lock.heldMask & against) !== 0) {
    for (const hold of lock.holds) {
      if ((against & bitOf(hold.mode)) === 0 || hold.client === client) continue;
      holderCount += 1;
      if (holders.length < state.limits.holdersNamedMax) holders.push(holderOf(hold));
    }
  }
  const queueLength = lock.line?.size ?? 0;
  const delayedUntilMs = lock.delay?.dueMs;
  return delayedUntilMs === undefined
    ? { key: lock.key, holders, holderCount, queueLength }
    : { key: lock.key, holders, holderCount, queueLength, delayedUntilMs };
}

export const holderOf = ({ client, mode, token, dueMs }: Hold): Holder => ({
  client: client.id,
  mode,
  token,
  expiresAtMs: dueMs,
});

export function holdOf(
  state: LockState,
  client: Client | undefined,
  key: string,
): Hold | undefined {
  const lock = state.locks.get(key);
  return lock === undefined ? undefined : client?.holds.get(lock);
}

function requestOf(command: AcquireCommand | ConvertCommand): Request {
  const { client, waitMs, call } = command;
  if (command.kind === 'acquire') {
    const { ttlMs, lockDelayMs, queue } = command;
    const keys = mergeKeys(command.keys);
    return { client, keys, exact: false, ttlMs, lockDelayMs, waitMs, queue, call };
  }
  const keys = [...new Set(command.keys)].map((key) => ({ key, mode: command.mode }));
  const unchanged = { ttlMs: undefined, lockDelayMs: undefined, queue: false };
  return { client, keys, exact: true, ...unchanged, waitMs, call };
}

/** A key named twice is wanted in the weakest mode that covers both. */
function mergeKeys(keys: readonly KeyMode[]): readonly KeyMode[] {
  if (keys.length < 2) return keys;
  const merged = new Map<string, KeyMode>();
  for (const wanted of keys) {
    const { key, mode } = wanted;
    const before = merged.get(key);
    merged.set(key, before ? { key, mode: weakestCovering(before.mode, mode) } : wanted);
  }
  return [...merged.values()];
}

const callerOf = ({ at }: Step, { call, waitMs }: { call: number; waitMs: number }): Caller => ({
  node: at.origin.node,
  incarnation: at.origin.incarnation,
  call,
  untilMs: at.atMs + waitMs,
});

const askByMs = (state: LockState, { at }: Step, { waitMs }: { waitMs: number }): number =>
  at.atMs + waitMs + state.limits.ticketPatienceMs;

const overloaded = (limit: Overload): LockReply => ({ kind: 'overloaded', limit });
