import { confirmAlone } from './answered-rounds.ts';
import { isStalled } from './durability.ts';
import { settle, tickLeases } from './granted-leases.ts';
import { quorumHeardMs, type Leadership } from './leadership.ts';
import { retrySnapshot } from './snapshot-sending.ts';
import { becomeFollower } from './roles.ts';
import { broadcastRound } from './rounds.ts';
import type { State } from './state.ts';
import { tickTransfer } from './transfer.ts';

/** What a leader does as time passes. */
export function tickLeader(state: State, leadership: Leadership): void {
  const silentMs = state.awakeMs - quorumHeardMs(state, leadership);
  // Check-quorum: who cannot hear a majority may have been replaced, and stands in the way of whoever
  // could lead. A hung disk is as bad, and nobody else would notice: heartbeats need no disk.
  if (silentMs > state.timing.electionTimeoutMaxMs || isStalled(state)) {
    becomeFollower(state, state.term, undefined);
    return;
  }
  tickTransfer(state, leadership);
  tickLeases(state, leadership);
  settle(state, leadership);
  for (const peer of leadership.peers) retrySnapshot(state, peer);
  if (state.nowMs >= leadership.heartbeatDueMs) {
    broadcastRound(state, leadership);
    confirmAlone(state, leadership);
  }
  leadership.dirty = true;
}
