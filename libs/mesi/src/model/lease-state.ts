import { lastWriteIn, lengthOf, prefixOf, termAt } from './abstract-log.ts';
import { phases, roles, type LeaseLayout } from './lease-layout.ts';
import type { LeaseBounds, LeaseGuards } from './lease-rules.ts';

/** Bound once: a global is slow to look up where tests run, and these run millions of times. */
const { min } = Math;

/** What every step of the lease model needs beside the state. */
export interface LeaseContext {
  readonly at: LeaseLayout;
  readonly bounds: LeaseBounds;
  readonly guards: LeaseGuards;
  readonly nodes: number;
  readonly majority: number;
}

export function countBits(mask: number): number {
  let count = 0;
  for (let left = mask; left > 0; left &= left - 1) {
    count += 1;
  }
  return count;
}

/** Whether `node` takes part in leases in this exploration. */
export function isHolder({ bounds }: LeaseContext, node: number): boolean {
  return (bounds.holders & (1 << node)) !== 0;
}

export function isVoter({ bounds }: LeaseContext, node: number): boolean {
  return node < bounds.voters;
}

/** The greatest index of the leader's own term that a majority of voters holds (Raft §5.4.2). */
export function commitIndexOf(context: LeaseContext, state: Uint8Array, leader: number): number {
  const { at, bounds, majority } = context;
  const log = state[at.log + leader]!;
  const term = state[at.term + leader]!;
  for (let index = lengthOf(log); index > 0 && termAt(log, index) === term; index--) {
    let holders = 1;
    for (let voter = 0; voter < bounds.voters; voter++) {
      if (voter !== leader && state[at.match + at.pair(leader, voter)]! >= index) {
        holders += 1;
      }
    }
    if (holders >= majority) {
      return index;
    }
  }
  return 0;
}

/** Up to where everything is committed and stands in the log of every node that may be serving. */
export function settledIndexOf(context: LeaseContext, state: Uint8Array, leader: number): number {
  const { at, bounds, guards, nodes } = context;
  let settled = commitIndexOf(context, state, leader);
  const counted = guards.settlingCountsLearners ? nodes : bounds.voters;
  for (let node = 0; node < counted; node++) {
    const pair = at.pair(leader, node);
    if (node !== leader && state[at.serving + pair]! > 0) {
      settled = min(settled, state[at.match + pair]!);
    }
  }
  return settled;
}

/** Everything a node forgets when it stops leading. The exchanges under way stay under way. */
export function forgetLeadership(context: LeaseContext, state: Uint8Array, node: number): void {
  const { at, nodes } = context;
  state[at.settled + node] = 0;
  state[at.transfer + node] = 0;
  for (let other = 0; other < nodes; other++) {
    const pair = at.pair(node, other);
    state[at.match + pair] = 0;
    state[at.serving + pair] = 0;
    dropStamp(context, state, node, other);
  }
}

export function becomeFollower(
  context: LeaseContext,
  state: Uint8Array,
  node: number,
  term: number,
): void {
  const { at } = context;
  if (state[at.role + node] === roles.leader) {
    forgetLeadership(context, state, node);
  }
  state[at.role + node] = roles.follower;
  state[at.votes + node] = 0;
  state[at.forced + node] = 0;
  state[at.candidateAge + node] = 0;
  state[at.term + node] = term;
}

/** Ends the wait of a stamp, and what requests under way would have confirmed about it. */
export function dropStamp(
  context: LeaseContext,
  state: Uint8Array,
  leader: number,
  node: number,
): void {
  const { at, nodes } = context;
  const pair = at.pair(leader, node);
  state[at.stamp + pair] = 0;
  state[at.received + pair] = 0;
  state[at.foreign + pair] = 0;
  state[at.confirmed + pair] = 0;
  for (let other = 0; other < nodes; other++) {
    state[at.slotAfter + at.pair(leader, other)]! &= ~(1 << node);
  }
}

export function clearSlot({ at }: LeaseContext, state: Uint8Array, pair: number): void {
  state[at.phase + pair] = phases.none;
  state[at.slotTerm + pair] = 0;
  state[at.slotLog + pair] = 0;
  state[at.slotAfter + pair] = 0;
  state[at.slotStamp + pair] = 0;
  state[at.slotForeign + pair] = 0;
  state[at.slotFloor + pair] = 0;
  state[at.slotAge + pair] = 0;
}

/** Removes what nobody will accept any more, so that states which cannot differ are one state. */
export function normalise(context: LeaseContext, state: Uint8Array): void {
  const { at, nodes } = context;
  for (let leader = 0; leader < nodes; leader++) {
    const leads = state[at.role + leader] === roles.leader;
    for (let node = 0; node < nodes; node++) {
      const pair = at.pair(leader, node);
      const term = state[at.slotTerm + pair]!;
      const mine = leads && state[at.term + leader] === term;
      const phase = state[at.phase + pair];
      if (phase === phases.answer ? !mine : phase === phases.request) {
        if (phase === phases.answer || isIdleRequest(context, state, node, pair, mine)) {
          clearSlot(context, state, pair);
        }
      }
    }
  }
}

/** A request of an older term, or one that changes nothing and whose answer nobody waits for. */
function isIdleRequest(
  { at }: LeaseContext,
  state: Uint8Array,
  node: number,
  pair: number,
  answerWanted: boolean,
): boolean {
  if (state[at.slotTerm + pair]! < state[at.term + node]!) {
    return true;
  }
  const sent = state[at.slotLog + pair]!;
  return (
    !answerWanted &&
    state[at.slotStamp + pair] === 0 &&
    state[at.slotTerm + pair] === state[at.term + node] &&
    prefixOf(state[at.log + node]!, lengthOf(sent)) === sent
  );
}

/** The version a hit on `node` would show, or −1 if it serves none now. */
export function hitOn({ at, guards }: LeaseContext, state: Uint8Array, node: number): number {
  if (state[at.lease + node] === 0) {
    return -1;
  }
  // The line was filled from the newest write in this node's log: whatever newer bus entry is
  // appended invalidates it. A value can fill a line only once its entry is committed; and it may
  // be shown only once that entry is settled.
  const log = state[at.log + node]!;
  const version = lastWriteIn(log, lengthOf(log));
  const visible = guards.hitWaitsUntilSettled ? state[at.settledMax]! : state[at.committedMax]!;
  return version <= visible ? version : -1;
}
