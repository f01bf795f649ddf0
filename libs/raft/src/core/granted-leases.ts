import { logIndex } from './ids.ts';
import type { Leadership } from './leadership.ts';
import type { LeaseEcho, Stamp } from './message.ts';
import type { PeerLease } from './peer-lease.ts';
import type { Progress } from './progress.ts';
import type { State } from './state.ts';

/**
 * The leader's half of local reads. A lease rests on a moment, the follower's own stamp, after which a
 * majority was still in this term: a later leader needs one of that majority, so it is elected later
 * than the stamp, and waits a whole lease before it settles anything without that follower.
 */
export function noteStamp(
  state: State,
  leadership: Leadership,
  { lease }: Progress,
  stamp: Stamp | undefined,
): void {
  if (state.localReads === undefined || stamp === undefined) return;
  const heard = { stamp, receivedMs: state.nowMs, confirmedByRound: leadership.round + 1 };
  if (lease.waiting === undefined) lease.waiting = heard;
  else lease.newest = heard;
}

/**
 * Hands a stamp back, and in the same step counts the peer as serving: were the two apart, an entry
 * could be settled between them without it. The floor says how much of this log it must hold.
 */
export function echoFor(
  state: State,
  leadership: Leadership,
  { lease, state: peerState }: Progress,
): LeaseEcho | undefined {
  const { waiting } = lease;
  const { localReads } = state;
  if (localReads === undefined || waiting === undefined || leadership.leaseForfeited) {
    return undefined;
  }
  if (waiting.confirmedByRound > leadership.quorumRound) return undefined;
  // One that is being brought up to date could not use a lease, and one that lags would make every
  // writer wait for it.
  if (peerState !== 'replicate' || lease.laggedMs !== undefined) return undefined;
  lease.servingUntilMs = Math.max(lease.servingUntilMs, waiting.receivedMs + localReads.leaseMs);
  lease.waiting = lease.newest;
  lease.newest = undefined;
  const floor = logIndex(Math.max(leadership.noopIndex, state.settled));
  return { stamp: waiting.stamp, floor };
}

/**
 * The settled index: committed, and in the log of everyone who may be serving. A group without local
 * reads has nobody who serves, so there it is the commit index.
 */
export function settle(state: State, leadership: Leadership): void {
  let through: number = state.commit;
  if (state.localReads !== undefined) {
    if (state.nowMs < leadership.departedServingUntilMs) return;
    for (const { lease, match } of leadership.peers) {
      if (match < through && state.nowMs < lease.servingUntilMs) through = match;
    }
  }
  if (through <= state.settled) return;
  state.settled = logIndex(through);
  leadership.dirty = true;
}

/** A round that a majority answered gives the leader a lease of its own, from when it was sent. */
export function extendOwnLease(state: State, leadership: Leadership): void {
  const { localReads } = state;
  if (localReads === undefined || leadership.leaseForfeited) return;
  const sentMs = leadership.roundTimes.of(leadership.quorumRound);
  if (sentMs === undefined || sentMs <= state.clockTrustedFromMs) return;
  const untilMs = sentMs + localReads.leaseMs - localReads.driftMs;
  state.leaseUntilMs = Math.max(state.leaseUntilMs, untilMs);
}

/**
 * Once a successor was told to stand, this node serves nothing by a lease for the rest of the term.
 * The lease is dropped and not only ignored, or it would come to life again when the office is lost.
 */
export function forfeitLease(state: State, leadership: Leadership): void {
  leadership.leaseForfeited = true;
  state.leaseUntilMs = -Infinity;
  state.offeredLeaseUntilMs = -Infinity;
}

/** Entries up to `end` are on their way to the peer. */
export function noteSent(state: State, { lease, match }: Progress, end: number): void {
  if (state.localReads === undefined || end <= match) return;
  lease.mark ??= { index: logIndex(end), sentMs: state.nowMs };
}

/** A peer whose log stays behind what it was sent gets no lease until it has kept up for a while. */
export function tickLeases(state: State, leadership: Leadership): void {
  if (state.localReads === undefined) return;
  for (const peer of leadership.peers) judgeLag(state, peer);
}

function judgeLag(state: State, { lease, match, next }: Progress): void {
  const { lagMaxMs, readmitMaxMs } = state.localReads!;
  if (lease.mark !== undefined && match >= lease.mark.index) {
    // Judged from now on for what was sent since: at most twice the bound goes unnoticed.
    const behind = match < next - 1;
    lease.mark = behind ? { index: logIndex(next - 1), sentMs: state.nowMs } : undefined;
  }
  if (lease.mark !== undefined && state.nowMs - lease.mark.sentMs > lagMaxMs) {
    suspend(state, lease);
  } else if (lease.laggedMs !== undefined && state.nowMs - lease.laggedMs >= lease.backoffMs) {
    lease.laggedMs = undefined;
    lease.readmittedMs = state.nowMs;
  } else if (lease.laggedMs === undefined && state.nowMs - lease.readmittedMs >= readmitMaxMs) {
    lease.backoffMs = 0;
  }
}

function suspend(state: State, lease: PeerLease): void {
  const { readmitMinMs, readmitMaxMs } = state.localReads!;
  if (lease.laggedMs === undefined) {
    lease.backoffMs = Math.min(readmitMaxMs, Math.max(readmitMinMs, lease.backoffMs * 2));
  }
  lease.laggedMs = state.nowMs;
}

export const mayServe = ({ lease }: Progress, nowMs: number): boolean =>
  nowMs < lease.servingUntilMs;
