import { failAskedReads } from './asked-reads.ts';
import { commitAsLeader } from './commit.ts';
import { restartTimer } from './election-timer.ts';
import { hardStateIsDurable } from './durability.ts';
import type { NodeId, Term } from './ids.ts';
import { invariant } from './invariant.ts';
import { leaderClockMs, startLeadership } from './leadership.ts';
import { appendOwn } from './proposals.ts';
import { failReads } from './read-index.ts';
import type { State } from './state.ts';
import { isVoter } from './membership.ts';

/** The vote belongs to its term: a new term begins without one, the same term keeps it (§5.2). */
export function enterTerm(state: State, term: Term): void {
  invariant(term > state.term, 'a term is entered once');
  state.term = term;
  state.vote = undefined;
  state.leader = undefined;
  state.answeredHeartbeatRound = 0;
  state.timer.leaderHeardMs = undefined;
  failAskedReads(state);
}

/**
 * Also within the same term: a candidate that hears the winner, a leader that has lost its majority.
 * A follower's timer goes on as it was: only a granted vote or the leader's own voice restarts it.
 */
export function becomeFollower(state: State, term: Term, leader: NodeId | undefined): void {
  const { leadership } = state;
  if (leadership !== undefined) {
    // A successor's clock starts no earlier than this one stopped.
    state.heardClockMs = leaderClockMs(state, leadership, state.nowMs);
    failReads(state, leadership);
    state.leadership = undefined;
  }
  if (term > state.term) enterTerm(state, term);
  if (state.role !== 'follower') {
    state.role = 'follower';
    restartTimer(state);
  }
  state.candidacy = undefined;
  if (state.leader !== leader) {
    state.leader = leader;
    failAskedReads(state);
  }
}

export function becomeLeader(state: State): void {
  invariant(state.role === 'candidate', 'only a candidate is elected');
  invariant(isVoter(state.log.membership, state.id), 'only a voter is elected');
  invariant(
    state.vote === state.id && hardStateIsDurable(state),
    'its own vote is durable before it counts',
  );
  state.role = 'leader';
  state.leader = state.id;
  state.candidacy = undefined;
  const leadership = startLeadership(state);
  state.leadership = leadership;
  // Entries of earlier terms are committed only by one of this term on top of them (§5.4.2, §8).
  appendOwn(state, leadership, [{ kind: 'noop', payload: new Uint8Array(0) }]);
  commitAsLeader(state, leadership);
}
