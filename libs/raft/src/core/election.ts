import { isSticky, restartTimer, type Candidacy } from './election-timer.ts';
import { isStalled, hardStateIsDurable, sendOnceDurable } from './durability.ts';
import { term as toTerm, type NodeId } from './ids.ts';
import { isVoter, votersOf } from './membership.ts';
import type { VoteAnswer, VoteRequest } from './message.ts';
import { post } from './outbox.ts';
import { tallyVotes } from './quorum.ts';
import { becomeFollower, becomeLeader, enterTerm } from './roles.ts';
import type { State } from './state.ts';

/** Nobody led for an election timeout. */
export function onElectionTimeout(state: State): void {
  becomeFollower(state, state.term, undefined);
  restartTimer(state);
  // A learner does not stand; nor does a node whose disk hangs, since its vote would never be durable.
  if (!isVoter(state.log.membership, state.id) || isStalled(state)) return;
  startPreVote(state);
}

/**
 * Pre-vote (§9.6 of the dissertation): ask whether an election would succeed before raising the term,
 * so that a node that was cut off does not depose a leader when it comes back. Nothing is written.
 */
function startPreVote(state: State): void {
  state.candidacy = newCandidacy({ preVote: true, transfer: false });
  requestVotes(state, state.candidacy);
  record(state, state.id, true);
}

/** Stand for election in the next term (§5.2). */
export function campaign(state: State, transfer: boolean): void {
  enterTerm(state, toTerm(state.term + 1));
  state.vote = state.id;
  state.role = 'candidate';
  state.candidacy = newCandidacy({ preVote: false, transfer });
  restartTimer(state);
  requestVotes(state, state.candidacy);
}

const newCandidacy = (about: { preVote: boolean; transfer: boolean }): Candidacy => ({
  ...about,
  votes: new Map(),
});

/**
 * A real request leaves only when the new term and our own vote are durable. Otherwise a crash could
 * bring us back in the old term, to ask for this one again with a shorter log, while grants that were
 * given to the longer log are still under way.
 */
function requestVotes(state: State, { preVote, transfer }: Candidacy): void {
  const request: VoteRequest = {
    kind: 'vote-request',
    preVote,
    term: preVote ? toTerm(state.term + 1) : state.term,
    lastIndex: state.log.lastIndex,
    lastTerm: state.log.lastTerm,
    transfer,
  };
  for (const to of votersOf(state.log.membership)) {
    if (to === state.id) continue;
    if (preVote) post(state.outbox, to, request);
    else sendOnceDurable(state, to, request);
  }
}

export function onVoteRequest(state: State, from: NodeId, request: VoteRequest): void {
  if (request.term > state.term && !request.transfer && isSticky(state)) return;
  if (request.preVote) {
    const granted = request.term > state.term && isUpToDate(state, request);
    answerVote(state, from, {
      kind: 'vote-answer',
      preVote: true,
      term: granted ? request.term : state.term,
      granted,
    });
    return;
  }
  if (request.term > state.term) becomeFollower(state, request.term, undefined);
  const free = state.vote === from || (state.vote === undefined && state.leader === undefined);
  const granted = request.term === state.term && free && isUpToDate(state, request);
  if (granted) {
    state.vote = from;
    restartTimer(state);
  }
  answerVote(state, from, { kind: 'vote-answer', preVote: false, term: state.term, granted });
}

/** A granted pre-vote promises nothing; every other answer says our term, and perhaps our vote. */
function answerVote(state: State, to: NodeId, answer: VoteAnswer): void {
  if (answer.preVote && answer.granted) post(state.outbox, to, answer);
  else sendOnceDurable(state, to, answer);
}

/** The later term wins; in the same term the longer log (§5.4.1). */
function isUpToDate(state: State, { lastTerm, lastIndex }: VoteRequest): boolean {
  const { log } = state;
  return lastTerm > log.lastTerm || (lastTerm === log.lastTerm && lastIndex >= log.lastIndex);
}

export function onVoteAnswer(state: State, from: NodeId, answer: VoteAnswer): void {
  if (answer.preVote && answer.granted) {
    // It names the term that was asked for. It says nothing about the voter's own.
    if (state.candidacy?.preVote && answer.term === state.term + 1) record(state, from, true);
    return;
  }
  if (answer.term > state.term) becomeFollower(state, answer.term, undefined);
  else if (answer.term === state.term && state.candidacy?.preVote === answer.preVote) {
    record(state, from, answer.granted);
  }
}

function record(state: State, voter: NodeId, granted: boolean): void {
  const { candidacy } = state;
  if (candidacy === undefined || candidacy.votes.get(voter) === true) return;
  candidacy.votes.set(voter, granted);
  const result = tallyVotes(state.log.membership, candidacy.votes);
  if (result === 'pending') return;
  if (result === 'lost') becomeFollower(state, state.term, undefined);
  else if (candidacy.preVote) campaign(state, false);
  // Others may answer before we are told that our own vote is durable (a full disk lets the vote pass
  // and holds back what stands before it); then our own, which comes last, decides.
  else if (hardStateIsDurable(state)) becomeLeader(state);
}

/** Our own vote counts like any other: once, and when it is durable. */
export function countOwnVote(state: State): void {
  if (state.candidacy === undefined || state.candidacy.preVote) return;
  if (state.vote === state.id && hardStateIsDurable(state)) record(state, state.id, true);
}

/**
 * The leader's process is gone. The followers stand one after another, by name, so that they do not
 * split the vote; each has the next one's start to fall back on.
 */
export function onLeaderGone(state: State, leader: NodeId): void {
  if (state.role !== 'follower' || state.leader !== leader) return;
  const { timer, timing } = state;
  timer.leaderHeardMs = undefined;
  const order = votersOf(state.log.membership)
    .filter((id) => id !== leader)
    .sort((a, b) => (a < b ? -1 : 1));
  const rank = Math.max(0, order.indexOf(state.id));
  const waitMs = timing.heartbeatIntervalMs * (rank + state.random() / 4);
  timer.deadlineMs = Math.min(timer.deadlineMs, state.awakeMs + waitMs);
}
