import { indexZero, type LogIndex } from './ids.ts';

/** What a follower remembers of the leader of its present term; gone with the term. */
export interface Following {
  /** This log is the same as the leader's up to here, in memory at least. */
  matched: LogIndex;
  /** The newest round answered by a heartbeat answer; a repetition is not answered again. */
  heartbeatRound: number;
  /** Local reads are allowed before this moment of the monotonic clock (see `held-lease.ts`). */
  leaseUntilMs: number;
  /** A longer lease that begins to count once `matched` has reached its floor. */
  offeredUntilMs: number;
  offeredFloor: LogIndex;
}

export const newFollowing = (): Following => ({
  matched: indexZero,
  heartbeatRound: 0,
  leaseUntilMs: -Infinity,
  offeredUntilMs: -Infinity,
  offeredFloor: indexZero,
});
