import { isUpToDate, lengthOf, logLengthMax, overwrittenBy, termAt } from './abstract-log.ts';
import type { Emit } from './checker.ts';
import { phases, roles } from './lease-layout.ts';
import { nodeName, takeOffice } from './lease-leader-steps.ts';
import {
  becomeFollower,
  countBits,
  dropStamp,
  hitOn,
  isHolder,
  normalise,
  type LeaseContext,
} from './lease-state.ts';

/** Bound once: a global is slow to look up where tests run, and these run millions of times. */
const { max, min } = Math;

/** A request reaches its node, which answers at once: with what it now holds and a fresh stamp. */
export function deliverRequest(
  context: LeaseContext,
  state: Uint8Array,
  leader: number,
  node: number,
  next: Uint8Array,
  emit: Emit,
): void {
  const { at, bounds } = context;
  const pair = at.pair(leader, node);
  if (state[at.phase + pair] !== phases.request) {
    return;
  }
  next.set(state);
  const term = state[at.slotTerm + pair]!;
  if (term > state[at.term + node]! || state[at.role + node] === roles.candidate) {
    becomeFollower(context, next, node, term);
    next[at.vote + node] = 1;
  }
  const sent = state[at.slotLog + pair]!;
  next[at.log + node] = overwrittenBy(state[at.log + node]!, sent);
  const lease = leaseFromEcho(context, next, node, pair);
  next[at.lease + node] = max(state[at.lease + node]!, lease);
  if (bounds.stickyVotes) {
    next[at.heard + node] = bounds.leaseTicks;
  }
  next[at.phase + pair] = phases.answer;
  next[at.slotLog + pair] = lengthOf(sent);
  next[at.slotStamp + pair] = bounds.followerLeases && isHolder(context, node) ? 1 : 0;
  next[at.slotForeign + pair] = 0;
  next[at.slotFloor + pair] = 0;
  normalise(context, next);
  emit(() => {
    const got = lease > 0 ? `, and may serve hits for ${lease} more` : '';
    return `${nodeName(node)} gets the request of ${nodeName(leader)}${got}`;
  }, next);
}

/** How long the echo in a request lets the node serve; 0 if the echo is absent or not for it. */
function leaseFromEcho(
  { at, bounds, guards }: LeaseContext,
  state: Uint8Array,
  node: number,
  pair: number,
): number {
  const stamp = state[at.slotStamp + pair]!;
  if (stamp === 0) {
    return 0;
  }
  const foreign = state[at.slotForeign + pair] === 1;
  if (foreign && guards.incarnationChecked) {
    return 0;
  }
  const floor = state[at.slotFloor + pair]!;
  // An entry of the leader's term at the floor proves, by the log matching property, that the log
  // is the leader's up to there.
  const ownTerm = termAt(state[at.log + node]!, floor) === state[at.slotTerm + pair];
  if (floor > 0 && !ownTerm) {
    return 0;
  }
  if (foreign) {
    // The clock of the new incarnation starts again: the old stamp lies in its future.
    return 2 * bounds.leaseTicks;
  }
  return guards.leaseStartsAtStamp ? max(0, bounds.leaseTicks - (stamp - 1)) : bounds.leaseTicks;
}

/** Elections: anybody may stand at any time, which covers timeouts, pauses and transfers alike. */
export function candidateSteps(
  context: LeaseContext,
  state: Uint8Array,
  node: number,
  next: Uint8Array,
  emit: Emit,
): void {
  const { at, bounds, guards, majority } = context;
  const term = state[at.term + node]!;
  if (term < bounds.termsMax && (bounds.candidates & (1 << node)) !== 0) {
    const forced = isAskedToStand(context, state, node);
    if (!bounds.stickyVotes || forced || state[at.heard + node] === 0) {
      next.set(state);
      becomeFollower(context, next, node, term + 1);
      next[at.role + node] = roles.candidate;
      next[at.vote + node] = 1;
      next[at.votes + node] = 1 << node;
      next[at.forced + node] = forced ? 1 : 0;
      next[at.candidateAge + node] = guards.waitStartsAtElection ? 0 : 1;
      normalise(context, next);
      emit(() => `${nodeName(node)} stands for term ${term + 1}`, next);
    }
  }
  if (state[at.role + node] !== roles.candidate) {
    return;
  }
  if (
    countBits(state[at.votes + node]!) >= majority &&
    lengthOf(state[at.log + node]!) < logLengthMax
  ) {
    next.set(state);
    takeOffice(context, next, node);
    normalise(context, next);
    emit(() => `${nodeName(node)} is elected in term ${term}`, next);
    return;
  }
  for (let voter = 0; voter < bounds.voters; voter++) {
    if (voter !== node && mayVote(context, state, voter, node)) {
      next.set(state);
      if (state[at.term + voter]! < term) {
        becomeFollower(context, next, voter, term);
      }
      next[at.vote + voter] = 1;
      next[at.votes + node]! |= 1 << voter;
      normalise(context, next);
      emit(() => `${nodeName(voter)} votes for ${nodeName(node)} in term ${term}`, next);
    }
  }
}

function isAskedToStand({ at, nodes }: LeaseContext, state: Uint8Array, node: number): boolean {
  for (let leader = 0; leader < nodes; leader++) {
    const sameTerm = state[at.term + leader] === state[at.term + node];
    if (state[at.transfer + leader] === node + 1 && sameTerm) {
      return true;
    }
  }
  return false;
}

function mayVote(
  { at, bounds }: LeaseContext,
  state: Uint8Array,
  voter: number,
  candidate: number,
): boolean {
  const term = state[at.term + candidate]!;
  const voterTerm = state[at.term + voter]!;
  const free = voterTerm < term || (voterTerm === term && state[at.vote + voter] === 0);
  if (!free || !isUpToDate(state[at.log + candidate]!, state[at.log + voter]!)) {
    return false;
  }
  const loyal = state[at.heard + voter]! > 0 || state[at.role + voter] === roles.leader;
  return !(bounds.stickyVotes && loyal && state[at.forced + candidate] === 0);
}

/** A crash and a restart: term, vote and log are durable; lines, lease and office are not. */
export function restart(
  context: LeaseContext,
  state: Uint8Array,
  node: number,
  next: Uint8Array,
  emit: Emit,
): void {
  const { at, bounds, nodes } = context;
  if (state[at.restarts]! >= bounds.restartsMax) {
    return;
  }
  next.set(state);
  next[at.restarts]! += 1;
  becomeFollower(context, next, node, state[at.term + node]!);
  next[at.lease + node] = 0;
  next[at.heard + node] = 0;
  for (let leader = 0; leader < nodes; leader++) {
    const pair = at.pair(leader, node);
    if (next[at.stamp + pair]! > 0) {
      next[at.foreign + pair] = 1;
    }
    if (next[at.slotStamp + pair]! > 0) {
      next[at.slotForeign + pair] = 1;
    }
  }
  normalise(context, next);
  emit(() => `${nodeName(node)} restarts`, next);
}

/** A hit is a step only where it tells somebody something new; the invariant looks at all others. */
export function hit(
  context: LeaseContext,
  state: Uint8Array,
  node: number,
  next: Uint8Array,
  emit: Emit,
): void {
  const { at } = context;
  const version = hitOn(context, state, node);
  if (version > state[at.revealed]!) {
    next.set(state);
    next[at.revealed] = version;
    emit(() => `${nodeName(node)} answers a hit with w${version}`, next);
  }
}

/** One tick of real time, for everybody alike. A pause is a node that takes no steps meanwhile. */
export function tick(context: LeaseContext, state: Uint8Array, next: Uint8Array, emit: Emit): void {
  const { at, bounds, guards, nodes } = context;
  const lease = bounds.leaseTicks;
  next.set(state);
  const countDown = (field: number) => {
    if (next[field]! > 0) {
      next[field]! -= 1;
    }
  };
  const ageUpTo = (field: number, max: number) => {
    if (next[field]! > 0 && next[field]! < max) {
      next[field]! += 1;
    }
  };
  for (let node = 0; node < nodes; node++) {
    if (guards.leaseExpires) {
      countDown(at.lease + node);
    }
    countDown(at.heard + node);
    ageUpTo(at.candidateAge + node, lease + 1);
    for (let other = 0; other < nodes; other++) {
      const pair = at.pair(node, other);
      countDown(at.serving + pair);
      ageUpTo(at.slotAge + pair, lease + 1);
      ageStamps(context, next, node, other);
    }
  }
  normalise(context, next);
  emit(() => 'time passes', next);
}

/** A stamp as old as L gives nobody a lease: it is gone, wherever it is. */
function ageStamps(context: LeaseContext, state: Uint8Array, leader: number, node: number): void {
  const { at, bounds, guards } = context;
  const pair = at.pair(leader, node);
  // Without the incarnation check, or where the lease starts on arrival, an old stamp still does.
  const oldMatters = !guards.leaseStartsAtStamp || !guards.incarnationChecked;
  const oldest = bounds.leaseTicks;
  if (state[at.stamp + pair]! > 0) {
    if (state[at.stamp + pair]! < oldest) {
      state[at.stamp + pair]! += 1;
      state[at.received + pair]! += 1;
    } else if (!oldMatters || leader === node) {
      dropStamp(context, state, leader, node);
    } else {
      state[at.received + pair] = min(oldest, state[at.received + pair]! + 1);
    }
  }
  if (state[at.slotStamp + pair]! > 0) {
    if (state[at.slotStamp + pair]! < oldest) {
      state[at.slotStamp + pair]! += 1;
    } else if (!oldMatters) {
      state[at.slotStamp + pair] = 0;
      state[at.slotForeign + pair] = 0;
      state[at.slotFloor + pair] = 0;
    }
  }
}
