import {
  appended,
  describeLog,
  lastWriteIn,
  lengthOf,
  logLengthMax,
  noopIndexOf,
} from './abstract-log.ts';
import type { Emit } from './checker.ts';
import { phases, roles } from './lease-layout.ts';
import {
  commitIndexOf,
  countBits,
  dropStamp,
  isHolder,
  isVoter,
  normalise,
  settledIndexOf,
  type LeaseContext,
} from './lease-state.ts';

/** Bound once: a global is slow to look up where tests run, and these run millions of times. */
const { max } = Math;

export function nodeName(node: number): string {
  return 'abcdefg'[node]!;
}

/** What a leader can do by itself: append a write, start a round, send, settle, hand over. */
export function leaderSteps(
  context: LeaseContext,
  state: Uint8Array,
  leader: number,
  next: Uint8Array,
  emit: Emit,
): void {
  const { at, bounds, nodes } = context;
  const name = nodeName(leader);

  const log = state[at.log + leader]!;
  if (state[at.writes]! < bounds.writesMax && lengthOf(log) < logLengthMax) {
    next.set(state);
    next[at.writes]! += 1;
    next[at.log + leader] = appended(log, state[at.term + leader]!);
    noteCommit(context, next, leader);
    normalise(context, next);
    emit(() => `${name} appends the write w${lengthOf(log) + 1}`, next);
  }

  if (isHolder(context, leader) && state[at.stamp + at.pair(leader, leader)] === 0) {
    next.set(state);
    takeOwnStamp(context, next, leader);
    emit(() => `${name} starts a round for its own lease`, next);
  }

  const settled = settledIndexOf(context, state, leader);
  if (settled > state[at.settled + leader]!) {
    next.set(state);
    next[at.settled + leader] = settled;
    if (settled > state[at.settledMax]!) {
      next[at.settledMax] = settled;
    }
    reveal(context, next, lastWriteIn(log, settled));
    emit(() => `${name} declares ${settled} settled and answers its write`, next);
  }

  for (let node = 0; node < nodes; node++) {
    if (node !== leader) {
      sendSteps(context, state, leader, node, next, emit);
    }
  }
}

function sendSteps(
  context: LeaseContext,
  state: Uint8Array,
  leader: number,
  node: number,
  next: Uint8Array,
  emit: Emit,
): void {
  const { at, bounds, guards } = context;
  const log = state[at.log + leader]!;
  const pair = at.pair(leader, node);
  if (
    state[at.phase + pair] === phases.none &&
    exchangesIn(context, state) >= bounds.exchangesMax
  ) {
    return;
  }
  const describe = (what: string) => `${nodeName(leader)} sends ${nodeName(node)} ${what}`;
  for (const entries of lengthOf(log) > 0 ? [true, false] : [false]) {
    next.set(state);
    const echoed = takeEcho(context, next, leader, node);
    const floor = echoed > 0 ? floorOf(context, state, leader) : 0;
    let after = 0;
    for (let holder = 0; holder < context.nodes; holder++) {
      if (next[at.stamp + at.pair(leader, holder)]! > 0) {
        after |= 1 << holder;
      }
    }
    next[at.phase + pair] = phases.request;
    next[at.slotTerm + pair] = state[at.term + leader]!;
    next[at.slotLog + pair] = entries ? log : 0;
    next[at.slotAfter + pair] = after;
    next[at.slotStamp + pair] = echoed;
    next[at.slotForeign + pair] = echoed > 0 ? state[at.foreign + pair]! : 0;
    next[at.slotFloor + pair] = floor;
    next[at.slotAge + pair] = guards.countStartsAtReceipt ? 0 : 1;
    normalise(context, next);
    emit(() => {
      const echo = echoed > 0 ? `, echoing a stamp of age ${echoed - 1}, floor ${floor}` : '';
      return describe(entries ? `its log ${describeLog(log)}${echo}` : `a heartbeat${echo}`);
    }, next);
  }
  if (bounds.stickyVotes && state[at.transfer + leader] === 0 && isVoter(context, node)) {
    next.set(state);
    next[at.transfer + leader] = node + 1;
    if (guards.transferEndsLease) {
      // Dropped, not only ignored while it leads: it would come back with the next term.
      next[at.lease + leader] = 0;
      dropStamp(context, next, leader, leader);
    }
    emit(() => describe("a transfer's go-ahead"), next);
  }
}

function exchangesIn({ at, nodes }: LeaseContext, state: Uint8Array): number {
  let underWay = 0;
  for (let pair = 0; pair < nodes * nodes; pair++) {
    underWay += state[at.phase + pair] === phases.none ? 0 : 1;
  }
  return underWay;
}

/**
 * If this node's stamp may be echoed, takes it (age plus 1) and counts the node as possibly
 * serving from now on: the echo must not leave before the count is up, and the floor it carries
 * must not be older than the count.
 */
function takeEcho(context: LeaseContext, state: Uint8Array, leader: number, node: number): number {
  const { at, bounds, guards, majority } = context;
  const pair = at.pair(leader, node);
  const stamp = state[at.stamp + pair]!;
  const answered = countBits(state[at.confirmed + pair]! | (1 << leader));
  if (stamp === 0 || !bounds.followerLeases) {
    return 0;
  }
  if (guards.echoWaitsForMajority && answered < majority) {
    return 0;
  }
  const remaining = max(0, bounds.leaseTicks - state[at.received + pair]!);
  state[at.serving + pair] = max(state[at.serving + pair]!, remaining);
  dropStamp(context, state, leader, node);
  return stamp;
}

function floorOf({ at, guards }: LeaseContext, state: Uint8Array, leader: number): number {
  const noop = noopIndexOf(state[at.log + leader]!, state[at.term + leader]!);
  return max(
    guards.floorCoversNoop ? noop : 0,
    guards.floorCoversSettled ? state[at.settled + leader]! : 0,
  );
}

/** An answer reaches the leader that sent the request, if it still leads in that term. */
export function deliverAnswer(
  context: LeaseContext,
  state: Uint8Array,
  leader: number,
  node: number,
  next: Uint8Array,
  emit: Emit,
): void {
  const { at } = context;
  const pair = at.pair(leader, node);
  if (state[at.phase + pair] !== phases.answer) {
    return;
  }
  const label = () =>
    `${nodeName(leader)} gets the answer of ${nodeName(node)}: it holds ${state[at.slotLog + pair]}` +
    (state[at.slotStamp + pair]! > 0 ? `, stamp of age ${state[at.slotStamp + pair]! - 1}` : '');
  // A leader may keep the stamp it has until that is echoed, or take each newer one.
  for (const keep of state[at.stamp + pair]! > 0 ? [true, false] : [false]) {
    next.set(state);
    next[at.match + pair] = max(state[at.match + pair]!, state[at.slotLog + pair]!);
    noteCommit(context, next, leader);
    confirmStamps(context, next, leader, node, state[at.slotAfter + pair]!);
    if (!keep && state[at.slotStamp + pair]! > 0) {
      receiveStamp(context, next, leader, node);
    }
    next[at.phase + pair] = phases.none;
    clearAnswer(context, next, pair);
    emit(() => `${label()}${keep ? ' (ignored: one is waiting)' : ''}`, next);
  }
}

function clearAnswer({ at }: LeaseContext, state: Uint8Array, pair: number): void {
  for (const field of [at.slotTerm, at.slotLog, at.slotAfter, at.slotStamp, at.slotForeign]) {
    state[field + pair] = 0;
  }
  state[at.slotAge + pair] = 0;
}

function receiveStamp(
  context: LeaseContext,
  state: Uint8Array,
  leader: number,
  node: number,
): void {
  const { at, guards } = context;
  const pair = at.pair(leader, node);
  dropStamp(context, state, leader, node);
  state[at.stamp + pair] = state[at.slotStamp + pair]!;
  state[at.foreign + pair] = state[at.slotForeign + pair]!;
  state[at.received + pair] = guards.countStartsAtReceipt ? 0 : state[at.slotAge + pair]! - 1;
}

/** `node` answered a message sent after the leader had the stamps in `after`: one voter more. */
function confirmStamps(
  context: LeaseContext,
  state: Uint8Array,
  leader: number,
  node: number,
  after: number,
): void {
  const { at, guards, nodes } = context;
  if (guards.roundCountsVotersOnly && !isVoter(context, node)) {
    return;
  }
  for (let holder = 0; holder < nodes; holder++) {
    const pair = at.pair(leader, holder);
    const counts = !guards.roundIsLaterThanStamp || (after & (1 << holder)) !== 0;
    if (counts && state[at.stamp + pair]! > 0) {
      state[at.confirmed + pair]! |= 1 << node;
    }
  }
  renewOwnLease(context, state, leader);
}

function takeOwnStamp(context: LeaseContext, state: Uint8Array, leader: number): void {
  state[context.at.stamp + context.at.pair(leader, leader)] = 1;
  renewOwnLease(context, state, leader);
}

/** The leader's own lease runs from the sending of a round that a majority has answered. */
function renewOwnLease(context: LeaseContext, state: Uint8Array, leader: number): void {
  const { at, bounds, guards, majority } = context;
  const pair = at.pair(leader, leader);
  const stamp = state[at.stamp + pair]!;
  if (guards.transferEndsLease && state[at.transfer + leader]! > 0) {
    return;
  }
  if (stamp > 0 && countBits(state[at.confirmed + pair]! | (1 << leader)) >= majority) {
    const remaining = bounds.leaseTicks - (stamp - 1);
    state[at.lease + leader] = max(state[at.lease + leader]!, remaining);
    dropStamp(context, state, leader, leader);
  }
}

/** Becomes leader: a no-op at the start of the term, and everybody may still be serving. */
export function takeOffice(context: LeaseContext, state: Uint8Array, leader: number): void {
  const { at, bounds, guards, nodes } = context;
  const lateBy = guards.waitStartsAtElection ? 0 : state[at.candidateAge + leader]! - 1;
  const wait = guards.newLeaderWaits ? max(0, bounds.leaseTicks - lateBy) : 0;
  state[at.role + leader] = roles.leader;
  state[at.votes + leader] = 0;
  state[at.forced + leader] = 0;
  state[at.candidateAge + leader] = 0;
  state[at.log + leader] = appended(state[at.log + leader]!, state[at.term + leader]!);
  for (let node = 0; node < nodes; node++) {
    if (node !== leader && isHolder(context, node)) {
      state[at.serving + at.pair(leader, node)] = wait;
    }
  }
}

function noteCommit(context: LeaseContext, state: Uint8Array, leader: number): void {
  const { at, guards } = context;
  const committed = commitIndexOf(context, state, leader);
  if (!guards.hitWaitsUntilSettled) {
    state[at.committedMax] = max(state[at.committedMax]!, committed);
  }
  if (!guards.writeWaitsUntilSettled) {
    reveal(context, state, lastWriteIn(state[at.log + leader]!, committed));
  }
}

function reveal({ at }: LeaseContext, state: Uint8Array, version: number): void {
  state[at.revealed] = max(state[at.revealed]!, version);
}
