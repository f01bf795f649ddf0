import { onReadAnswer } from './asked-reads.ts';
import { hardStateIsDurable, sendOnceDurable } from './durability.ts';
import { campaign, onVoteAnswer, onVoteRequest } from './election.ts';
import { onAppend, onHeartbeat } from './follower-log.ts';
import type { NodeId } from './ids.ts';
import { onSnapshotChunk } from './incoming-snapshot.ts';
import { invariant } from './invariant.ts';
import { isVoter } from './membership.ts';
import type {
  Append,
  AppendAnswer,
  Heartbeat,
  HeartbeatAnswer,
  Message,
  ReadRequest,
  SnapshotAnswer,
  SnapshotChunk,
  TimeoutNow,
} from './message.ts';
import { answerReader } from './read-index.ts';
import { onAppendAnswer, onHeartbeatAnswer } from './replication.ts';
import { becomeFollower } from './roles.ts';
import { onSnapshotAnswer } from './snapshot-sending.ts';
import type { State } from './state.ts';

type LeaderMessage = Append | Heartbeat | SnapshotChunk;
type AnswerToLeader = AppendAnswer | HeartbeatAnswer | SnapshotAnswer;

/** Compares terms as each kind of message wants it, and hands the message on (§5.1). */
export function receive(state: State, from: NodeId, message: Message): void {
  switch (message.kind) {
    case 'vote-request':
      onVoteRequest(state, from, message);
      return;
    case 'vote-answer':
      onVoteAnswer(state, from, message);
      return;
    case 'append':
    case 'heartbeat':
    case 'snapshot-chunk':
      onLeaderMessage(state, from, message);
      return;
    case 'append-answer':
    case 'heartbeat-answer':
    case 'snapshot-answer':
      onAnswerToLeader(state, from, message);
      return;
    case 'timeout-now':
      onTimeoutNow(state, message);
      return;
    case 'read-request':
      onReadRequest(state, from, message);
      return;
    case 'read-answer':
      // Confirmed after it was asked for, an index stays right whatever the term is now.
      onReadAnswer(state, message);
      if (message.term > state.term) becomeFollower(state, message.term, undefined);
  }
}

function onLeaderMessage(state: State, from: NodeId, message: LeaderMessage): void {
  if (message.term < state.term) {
    // A leader of an earlier term must learn of ours, also when stickiness keeps all others from
    // voting for us: otherwise we would refuse it and be refused for ever.
    const { term, durability } = state;
    const lastIndex = durability.index;
    const answer: HeartbeatAnswer = {
      kind: 'heartbeat-answer',
      term,
      round: 0,
      stamp: undefined,
      lastIndex,
    };
    sendOnceDurable(state, from, answer);
    return;
  }
  if (message.term > state.term || state.role === 'candidate') {
    becomeFollower(state, message.term, from);
  }
  invariant(state.role !== 'leader', 'a term has one leader');
  invariant(state.leader === undefined || state.leader === from, 'a term keeps its leader');
  switch (message.kind) {
    case 'append':
      onAppend(state, from, message);
      return;
    case 'heartbeat':
      onHeartbeat(state, from, message);
      return;
    case 'snapshot-chunk':
      onSnapshotChunk(state, from, message);
  }
}

/** Answers of an earlier term are about an earlier leadership; ours is not known to them. */
function onAnswerToLeader(state: State, from: NodeId, answer: AnswerToLeader): void {
  if (answer.term > state.term) {
    becomeFollower(state, answer.term, undefined);
    return;
  }
  const { leadership } = state;
  const peer = leadership?.byId.get(from);
  if (leadership === undefined || peer === undefined || answer.term < state.term) return;
  leadership.dirty = true;
  switch (answer.kind) {
    case 'append-answer':
      onAppendAnswer(state, leadership, peer, answer);
      return;
    case 'heartbeat-answer':
      onHeartbeatAnswer(state, leadership, peer, answer);
      return;
    case 'snapshot-answer':
      onSnapshotAnswer(state, leadership, peer, answer);
  }
}

/** The leader's go-ahead (§3.10 of the dissertation): no pre-vote, and nobody's stickiness applies. */
function onTimeoutNow(state: State, message: TimeoutNow): void {
  if (message.term > state.term) becomeFollower(state, message.term, undefined);
  if (message.term < state.term || state.role !== 'follower') return;
  if (isVoter(state.log.membership, state.id)) campaign(state, true);
}

function onReadRequest(state: State, from: NodeId, request: ReadRequest): void {
  if (request.term > state.term) becomeFollower(state, request.term, undefined);
  const reader = { from, id: request.id, incarnation: request.incarnation };
  const { leadership } = state;
  if (leadership !== undefined) {
    leadership.readers.push(reader);
    leadership.dirty = true;
  } else if (hardStateIsDurable(state)) {
    answerReader(state, reader, undefined);
  }
}
