import type { Caller } from './events.ts';
import type { FencingToken, WaitId } from './ids.ts';
import { heldKey } from './granting.ts';
import { waitsAt } from './holdings.ts';
import type { Mode } from './modes.ts';
import type { Lock } from './records.ts';
import type { HeldKey, Holder } from './replies.ts';
import { holderOf, holdOf } from './requests.ts';
import type { LockState } from './state.ts';

/** What is shown to people; read from one node's state, it changes nothing. */
export interface LockView {
  readonly key: string;
  readonly holders: readonly Holder[];
  /** In line. Suspended ones (their node is gone) come last: they stop nobody. */
  readonly waiters: readonly Waiter[];
  readonly delayedUntilMs: number | undefined;
}

export interface Waiter {
  readonly client: string;
  readonly mode: Mode;
  readonly wait: WaitId;
  readonly conversion: boolean;
  readonly ticket: boolean;
  readonly suspended: boolean;
}

export interface Verdict {
  readonly valid: boolean;
  /** The newest token under which the key is held now. */
  readonly current: FencingToken | undefined;
}

export interface TableCounts {
  readonly keys: number;
  readonly clients: number;
  readonly holds: number;
  readonly waits: number;
  readonly reservedKeys: number;
}

export type Outlook =
  | { readonly kind: 'waiting'; readonly wait: WaitId }
  | { readonly kind: 'granted'; readonly holds: readonly HeldKey[] }
  /** Neither: its time ran out, it was cancelled, or its grant has ended already. */
  | { readonly kind: 'over' };

export function viewLock(state: LockState, key: string): LockView | undefined {
  const lock = state.locks.get(key);
  return lock === undefined ? undefined : viewOf(state, lock);
}

export function listLocks(
  state: LockState,
  prefix: string,
  most: number,
): { readonly locks: readonly LockView[]; readonly more: boolean } {
  const keys: string[] = [];
  for (const key of state.locks.keys()) {
    if (key.startsWith(prefix)) keys.push(key);
  }
  keys.sort();
  const locks = keys.slice(0, most).map((key) => viewOf(state, state.locks.get(key)!));
  return { locks, more: keys.length > most };
}

export function verifyToken(state: LockState, key: string, token: FencingToken): Verdict {
  let current: FencingToken | undefined;
  let valid = false;
  for (const hold of state.locks.get(key)?.holds ?? []) {
    if (hold.token === token) valid = true;
    if (current === undefined || hold.token > current) current = hold.token;
  }
  return { valid, current };
}

/** What has become of a call of this node, told from the state alone. */
export function outlookOf(
  state: LockState,
  {
    client: id,
    keys,
    caller,
  }: {
    readonly client: string;
    readonly keys: readonly string[];
    readonly caller: Pick<Caller, 'node' | 'incarnation' | 'call'>;
  },
): Outlook {
  const isCall = (other: Caller | undefined): boolean =>
    other?.call === caller.call &&
    other.node === caller.node &&
    other.incarnation === caller.incarnation;
  const client = state.clients.get(id);
  if (client === undefined) return { kind: 'over' };
  for (const wait of waitsAt(state, client, keys)) {
    if (wait.callers.some(isCall)) return { kind: 'waiting', wait: wait.id };
  }
  const holds = keys.map((key) => holdOf(state, client, key));
  if (!holds.every((hold) => hold !== undefined)) return { kind: 'over' };
  if (!holds.some((hold) => isCall(hold.caller))) return { kind: 'over' };
  return { kind: 'granted', holds: holds.map(heldKey) };
}

export const countTable = (state: LockState): TableCounts => ({
  keys: state.locks.size,
  clients: state.clients.size,
  holds: state.holds.size,
  waits: state.waits.size,
  reservedKeys: state.reserved.size,
});

function viewOf(state: LockState, lock: Lock): LockView {
  const standing = lock.line?.inOrder() ?? [];
  const places = [...standing];
  if (places.length < lock.placeCount) {
    for (const wait of state.waits.values()) {
      if (!wait.suspended) continue;
      places.push(...wait.places.filter((place) => place.lock === lock));
    }
  }
  return {
    key: lock.key,
    holders: Array.from(lock.holds, holderOf),
    waiters: places.map(({ wait, mode, converts }) => ({
      client: wait.client.id,
      mode,
      wait: wait.id,
      conversion: converts,
      ticket: wait.askByMs !== undefined,
      suspended: wait.suspended,
    })),
    delayedUntilMs: lock.delay?.dueMs,
  };
}
