import { extendOwnLease } from './granted-leases.ts';
import type { Leadership } from './leadership.ts';
import type { Progress } from './progress.ts';
import { confirmReads } from './read-index.ts';
import { advanceQuorumRound } from './rounds.ts';
import type { State } from './state.ts';

/** The peer still took this node for the leader at some moment after that round began. */
export function noteAnsweredRound(
  state: State,
  leadership: Leadership,
  peer: Progress,
  round: number,
): void {
  peer.heardMs = state.awakeMs;
  peer.heardAtMs = state.nowMs;
  if (round <= peer.answeredRound) return;
  peer.answeredRound = round;
  if (advanceQuorumRound(state, leadership)) onQuorumRound(state, leadership);
}

export function onQuorumRound(state: State, leadership: Leadership): void {
  confirmReads(state, leadership);
  extendOwnLease(state, leadership);
}

/** With a single voter every round is answered as soon as it begins. */
export function confirmAlone(state: State, leadership: Leadership): void {
  if (advanceQuorumRound(state, leadership)) onQuorumRound(state, leadership);
}
