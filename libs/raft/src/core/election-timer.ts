import type { NodeId } from './ids.ts';
import type { State } from './state.ts';

/** Times are on the waking clock: a process that did not run has not waited for its leader. */
export interface ElectionTimer {
  timeoutMs: number;
  deadlineMs: number;
  /** When the leader was last heard; `undefined` also once its process is known to be gone. */
  leaderHeardMs: number | undefined;
  /** The same on the monotonic clock, for reports. */
  leaderHeardAtMs: number | undefined;
}

/** A stand for election, or a pre-vote, which only asks whether one would succeed. */
export interface Candidacy {
  readonly preVote: boolean;
  readonly transfer: boolean;
  /** By voter, so that a repeated answer counts once. */
  readonly votes: Map<NodeId, boolean>;
}

/** Every wait is drawn anew, or two nodes that once collide would collide for ever (§5.2). */
export function restartTimer(state: State): void {
  const { electionTimeoutMinMs, electionTimeoutMaxMs } = state.timing;
  const drawn =
    electionTimeoutMinMs + state.random() * (electionTimeoutMaxMs - electionTimeoutMinMs);
  // A node without room would make a poor leader: it stands only when nobody else does.
  state.timer.timeoutMs = state.storageFull ? drawn * 2 : drawn;
  state.timer.deadlineMs = state.awakeMs + state.timer.timeoutMs;
}

/** Whoever has just failed in office lets the others try first. */
export function standLast(state: State): void {
  state.timer.deadlineMs += 2 * state.timing.electionTimeoutMaxMs;
}

export function hearLeader(state: State, leader: NodeId): void {
  const { timer } = state;
  timer.leaderHeardMs = state.awakeMs;
  timer.leaderHeardAtMs = state.nowMs;
  timer.deadlineMs = state.awakeMs + timer.timeoutMs;
  state.leader = leader;
  state.candidacy = undefined;
}

/**
 * Stickiness (§4.2.3 of the dissertation): who hears a leader helps nobody to depose it. A leader
 * always hears itself; check-quorum is what deposes it.
 */
export function isSticky(state: State): boolean {
  if (state.role === 'leader') return true;
  const { leaderHeardMs } = state.timer;
  if (state.leader === undefined || leaderHeardMs === undefined) return false;
  return state.awakeMs - leaderHeardMs < state.timing.electionTimeoutMinMs;
}
