import type { Leadership } from './leadership.ts';
import { echoFor } from './granted-leases.ts';
import type { Heartbeat } from './message.ts';
import { leaderClockMs } from './leadership.ts';
import { logIndex } from './ids.ts';
import { post } from './outbox.ts';
import type { Progress } from './progress.ts';
import { quorumValue } from './quorum.ts';
import type { State } from './state.ts';

/** A heartbeat to everyone, under a number of its own. */
export function broadcastRound(state: State, leadership: Leadership): void {
  leadership.round += 1;
  leadership.roundTimes.note(leadership.round, state.nowMs);
  leadership.heartbeatDueMs = state.nowMs + state.timing.heartbeatIntervalMs;
  leadership.dirty = true;
  for (const peer of leadership.peers) sendHeartbeat(state, leadership, peer);
}

/**
 * Besides its beat it tells the watermarks. The commit index stays within what this peer is known to
 * hold: beyond, its log may still be another one.
 */
export function sendHeartbeat(state: State, leadership: Leadership, peer: Progress): void {
  const commit = logIndex(Math.min(state.commit, peer.match));
  const heartbeat: Heartbeat = {
    kind: 'heartbeat',
    term: state.term,
    round: leadership.round,
    commit,
    settled: state.settled,
    echo: echoFor(state, leadership, peer),
    clockMs: leaderClockMs(state, leadership, state.nowMs),
  };
  if (commit > peer.sentCommit) peer.sentCommit = commit;
  peer.sentSettled = state.settled;
  post(state.outbox, peer.id, heartbeat);
}

/** Returns whether a later round is now answered by a majority. */
export function advanceQuorumRound(state: State, leadership: Leadership): boolean {
  const round = quorumValue(state.log.membership, leadership.answeredRoundOf);
  if (round <= leadership.quorumRound) return false;
  leadership.quorumRound = round;
  return true;
}
