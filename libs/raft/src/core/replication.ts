import { commitAsLeader } from './commit.ts';
import { echoFor, noteSent, noteStamp } from './granted-leases.ts';
import { logIndex, type LogIndex, type Term } from './ids.ts';
import { invariant } from './invariant.ts';
import { confirmAlone, noteAnsweredRound } from './answered-rounds.ts';
import type { Leadership } from './leadership.ts';
import type { Entry } from './entry.ts';
import type { AppendAnswer, HeartbeatAnswer } from './message.ts';
import { post } from './outbox.ts';
import { becomeProbe, becomeReplicate, noteMatch, type Progress } from './progress.ts';
import { startReadRound } from './read-index.ts';
import { sendHeartbeat } from './rounds.ts';
import { pumpSnapshot, rewindSnapshot, startSending } from './snapshot-sending.ts';
import type { State } from './state.ts';
import { tellSuccessor } from './transfer.ts';

const none: readonly Entry[] = [];

/** Once per batch: everything that the inputs of the batch have made possible goes out together. */
export function pump(state: State, leadership: Leadership): void {
  leadership.dirty = false;
  if (startReadRound(state, leadership)) confirmAlone(state, leadership);
  for (const peer of leadership.peers) replicateTo(state, leadership, peer);
  leadership.dirty = false;
}

/** So many have company enough. */
const gatherEntries = 128;

/**
 * Small appends wait for company while one is unanswered (Nagle, RFC 896): what an append costs two
 * nodes, a sync of the disk and a packet there and back, is then shared by all that came meanwhile. Who
 * is so far away that answers take longer is sent appends ahead of them.
 */
function gathers(state: State, peer: Progress): boolean {
  return (
    peer.state === 'replicate' &&
    peer.window.count > 0 &&
    peer.next <= state.log.lastIndex &&
    state.log.lastIndex - peer.next < gatherEntries &&
    state.awakeMs - peer.sentMs < state.limits.gatherMs
  );
}

/** Sends a peer everything that it may be sent now. */
function replicateTo(state: State, leadership: Leadership, peer: Progress): void {
  // The watermarks go with what is gathered.
  if (gathers(state, peer) && !peer.nudge) return;
  let sent = false;
  if (peer.state === 'probe' && !peer.paused) {
    sent = sendAppend(state, leadership, peer);
    peer.paused = true;
    peer.movedMs = state.awakeMs;
  }
  while (
    peer.state === 'replicate' &&
    peer.next <= state.log.lastIndex &&
    !peer.window.full &&
    sendAppend(state, leadership, peer)
  ) {
    sent = true;
  }
  if (peer.state === 'replicate' && peer.nudge && !sent) {
    sent = sendEmptyAppend(state, leadership, peer);
  }
  peer.nudge = false;
  if (peer.state === 'snapshot') pumpSnapshot(state, peer);
  if (!sent) tellWatermarks(state, leadership, peer);
}

/** False when what comes before is compacted away: then the peer needs the snapshot. */
function sendAppend(state: State, leadership: Leadership, peer: Progress): boolean {
  const { log } = state;
  if (peer.next > log.lastIndex) return sendEmptyAppend(state, leadership, peer);
  if (!knowsBefore(state, peer)) return false;
  const { entries, bytes } = log.run(peer.next, state.limits.appendBytesMax);
  postAppend(state, leadership, peer, entries);
  const end = logIndex(peer.next + entries.length - 1);
  noteSent(state, peer, end);
  if (peer.state === 'replicate') {
    if (peer.window.count === 0) peer.movedMs = state.awakeMs;
    peer.window.add(end, bytes);
    peer.sentMs = state.awakeMs;
    peer.next = logIndex(end + 1);
  }
  return true;
}

/** Asks whether the peer has everything before `next`; the answer is a match or a conflict. */
function sendEmptyAppend(state: State, leadership: Leadership, peer: Progress): boolean {
  if (!knowsBefore(state, peer)) return false;
  postAppend(state, leadership, peer, none);
  return true;
}

function knowsBefore(state: State, peer: Progress): boolean {
  if (state.log.termAt(logIndex(peer.next - 1)) !== undefined) return true;
  startSending(state, peer);
  return false;
}

function postAppend(
  state: State,
  leadership: Leadership,
  peer: Progress,
  entries: readonly Entry[],
): void {
  const prevIndex = logIndex(peer.next - 1);
  post(state.outbox, peer.id, {
    kind: 'append',
    term: state.term,
    round: leadership.round,
    commit: state.commit,
    settled: state.settled,
    echo: echoFor(state, leadership, peer),
    prevIndex,
    prevTerm: state.log.termAt(prevIndex)!,
    entries,
  });
  peer.sentCommit = logIndex(
    Math.max(peer.sentCommit, Math.min(state.commit, prevIndex + entries.length)),
  );
  peer.sentSettled = state.settled;
}

/**
 * Callers on a follower wait for the commit index, so it is not left to the next heartbeat: when it has
 * moved and no append is about to carry it, a heartbeat of the present round does, and asks for no
 * answer.
 */
function tellWatermarks(state: State, leadership: Leadership, peer: Progress): void {
  if (peer.state !== 'replicate') return;
  const commitMoved = Math.min(state.commit, peer.match) > peer.sentCommit;
  const settledMoved = Math.min(state.settled, peer.match) > peer.sentSettled;
  if (commitMoved || settledMoved) sendHeartbeat(state, leadership, peer);
}

export function onAppendAnswer(
  state: State,
  leadership: Leadership,
  peer: Progress,
  answer: AppendAnswer,
): void {
  noteHeard(state, leadership, peer, answer);
  const { result } = answer;
  if (result.kind === 'conflict') {
    onConflict(state, peer, result);
    return;
  }
  invariant(result.match <= state.log.lastIndex, 'a peer matches only what this log has');
  const grew = noteMatch(peer, result.match, state.awakeMs);
  const sendable = state.log.termAt(peer.match) !== undefined;
  if (peer.state === 'probe' || (peer.state === 'snapshot' && sendable)) becomeReplicate(peer);
  if (!grew) return;
  commitAsLeader(state, leadership);
  tellSuccessor(state, leadership);
}

function onConflict(
  state: State,
  peer: Progress,
  result: { readonly prevIndex: LogIndex; readonly hintIndex: LogIndex; readonly hintTerm: Term },
): void {
  // A late answer to an earlier attempt says nothing about the present one.
  if (peer.state === 'snapshot' || result.prevIndex <= peer.match) return;
  if (peer.state === 'probe' && result.prevIndex !== peer.next - 1) return;
  // Skip whole terms: the peer's log ends in `hintTerm` there, so what is of a later term here
  // cannot be there.
  const agree = state.log.lastIndexWithTermAtMost(result.hintIndex, result.hintTerm);
  becomeProbe(peer, logIndex(Math.max(peer.match, Math.min(agree, result.prevIndex - 1)) + 1));
}

export function onHeartbeatAnswer(
  state: State,
  leadership: Leadership,
  peer: Progress,
  answer: HeartbeatAnswer,
): void {
  noteHeard(state, leadership, peer, answer);
  // Answers to read rounds come thick and fast: what was sent a moment ago is merely on its way.
  if (state.awakeMs - peer.movedMs < state.timing.heartbeatIntervalMs) return;
  if (peer.state === 'probe') {
    // The probe under way, or its answer, was lost; and nothing beyond the peer's end can match.
    peer.paused = false;
    peer.next = logIndex(Math.max(peer.match, Math.min(peer.next - 1, answer.lastIndex)) + 1);
  } else if (peer.state === 'replicate' && peer.match < peer.next - 1) {
    // What was sent may be lost, and with a full window nothing would ever show it.
    peer.nudge = true;
    peer.movedMs = state.awakeMs;
  }
}

function noteHeard(
  state: State,
  leadership: Leadership,
  peer: Progress,
  answer: AppendAnswer | HeartbeatAnswer,
): void {
  noteStamp(state, leadership, peer, answer.stamp);
  noteAnsweredRound(state, leadership, peer, answer.round);
}

/** The link broke: what was under way is lost as far as anyone knows. */
export function onPeerReset(state: State, peer: Progress): void {
  if (peer.state === 'replicate') becomeProbe(peer, logIndex(peer.match + 1));
  else peer.paused = false;
  rewindSnapshot(state, peer);
}
