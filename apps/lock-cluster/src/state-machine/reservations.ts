import type { LockReply } from './replies.ts';
import type { LockState } from './state.ts';

/**
 * Keys that belong to the Ricart–Agrawala module. Its grants are outside this table, so a key may
 * belong to one algorithm only, and changes over only when nobody has anything to do with it.
 */
export function reserveKey(state: LockState, key: string): LockReply {
  if (state.reserved.has(key)) return { kind: 'reserved', key };
  if (state.locks.has(key)) return { kind: 'wrong-algorithm', key, uses: 'raft' };
  if (state.reserved.size >= state.limits.reservedKeysMax) {
    return { kind: 'overloaded', limit: 'reserved-keys' };
  }
  state.reserved.set(key, true);
  return { kind: 'reserved', key };
}

export function deleteKey(state: LockState, key: string): LockReply {
  if (state.locks.has(key)) return { kind: 'wrong-algorithm', key, uses: 'raft' };
  return { kind: 'deleted', key, existed: state.reserved.delete(key) };
}
