import { confirmAlone } from './answered-rounds.ts';
import { isStalled } from './durability.ts';
import { settle, tickLeases } from './granted-leases.ts';
import { quorumHeardMs, type Leadership } from './leadership.ts';
import { standLast } from './election-timer.ts';
import { retrySnapshot } from './snapshot-sending.ts';
import { becomeFollower } from './roles.ts';
import { broadcastRound } from './rounds.ts';
import type { State } from './state.ts';
import { tickTransfer } from './transfer.ts';

/** Election timeouts without a commit after which a leader makes way for another. */
const fruitlessTimeoutsMax = 4;

/**
 * A majority may hear a leader and still not be able to write for it: one has no room on its disk,
 * another hears it and cannot answer. As long as it stays in office, its heartbeats keep those from
 * each other who could do the work. A snapshot on its way takes the time that it takes.
 */
function commitsNothing(state: State, leadership: Leadership): boolean {
  if (state.commit === state.log.lastIndex) return false;
  const waitedMs = state.awakeMs - leadership.commitMovedMs;
  if (waitedMs <= fruitlessTimeoutsMax * state.timing.electionTimeoutMaxMs) return false;
  return leadership.peers.every((peer) => peer.state !== 'snapshot');
}

/** What a leader does as time passes. */
export function tickLeader(state: State, leadership: Leadership): void {
  const silentMs = state.awakeMs - quorumHeardMs(state, leadership);
  // Check-quorum: who cannot hear a majority may have been replaced, and stands in the way of whoever
  // could lead. A hung disk is as bad, and nobody else would notice: heartbeats need no disk.
  if (silentMs > state.timing.electionTimeoutMaxMs || isStalled(state)) {
    becomeFollower(state, state.term, undefined);
    return;
  }
  if (commitsNothing(state, leadership)) {
    becomeFollower(state, state.term, undefined);
    standLast(state);
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
