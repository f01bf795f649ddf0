import { forgetFrom, isStalled, sendOnceDurable } from './durability.ts';
import { commitThrough } from './commit.ts';
import { hearLeader } from './election-timer.ts';
import type { Entry } from './entry.ts';
import { stampNow, takeLease } from './held-lease.ts';
import { logIndex, type LogIndex, type NodeId } from './ids.ts';
import { invariant } from './invariant.ts';
import type { Append, AppendAnswer, Heartbeat } from './message.ts';
import { keepUnwritten, writeRun } from './outbox.ts';
import type { State } from './state.ts';

/** AppendEntries on the receiving side (§5.3). The term has been compared already. */
export function onAppend(state: State, from: NodeId, append: Append): void {
  hearLeader(state, from);
  const { log } = state;
  const { prevIndex, prevTerm, entries } = append;
  const end = logIndex(prevIndex + entries.length);
  const known = prevIndex < log.baseIndex ? undefined : log.termAt(prevIndex);
  if (prevIndex >= log.baseIndex && known !== prevTerm) {
    invariant(prevIndex > state.commit, 'a leader has every committed entry');
    answerConflict(state, from, append);
    return;
  }
  takeEntries(state, firstNew(state, append), entries);
  // Only what this message vouches for is known to match: behind it may stand another leader's tail.
  learnWatermarks(state, append, end);
  takeLease(state, append.echo);
  answerMatched(state, from, append, end);
}

/** The position in `entries` of the first that is not here yet, or that contradicts what is here. */
function firstNew(state: State, { prevIndex, entries }: Append): number {
  const { log } = state;
  if (prevIndex === log.lastIndex) return 0;
  let at = Math.max(0, log.baseIndex - prevIndex);
  while (at < entries.length) {
    const entry = entries[at]!;
    if (log.termAt(entry.index) !== entry.term) break;
    at += 1;
  }
  return at;
}

/**
 * Only a contradiction cuts the log. A message that is merely shorter than the log, because it is late,
 * must not: the rest may have been acknowledged.
 */
function takeEntries(state: State, first: number, entries: readonly Entry[]): void {
  if (first >= entries.length) return;
  const { log, outbox, durability } = state;
  const from = entries[first]!.index;
  if (from <= log.lastIndex) {
    invariant(from > state.commit, 'a committed entry is never cut off');
    log.truncateFrom(from);
    forgetFrom(durability, from);
    keepUnwritten(outbox, (entry) => entry.index < from);
  }
  const fresh = first === 0 ? entries : entries.slice(first);
  log.append(fresh);
  writeRun(outbox, fresh);
}

function learnWatermarks(
  state: State,
  { commit, settled }: { readonly commit: LogIndex; readonly settled: LogIndex },
  matched: LogIndex,
): void {
  const through = logIndex(Math.min(commit, matched));
  if (through > state.commit) commitThrough(state, through);
  if (settled > state.settled) state.settled = settled;
}

function answerMatched(state: State, from: NodeId, append: Append, match: LogIndex): void {
  // Answers of one batch are one: matches of one term only add up. What an earlier term's leader would
  // have been told is about another log, and nobody waits for it any more.
  const pending = state.outbox.appendAnswer?.answer;
  const before = pending?.term === state.term ? pending : undefined;
  const matched = before?.result.kind === 'matched' ? Math.max(before.result.match, match) : match;
  const answer: AppendAnswer = {
    kind: 'append-answer',
    term: state.term,
    round: Math.max(before?.round ?? 0, append.round),
    stamp: stampNow(state),
    result: { kind: 'matched', match: logIndex(matched) },
  };
  state.outbox.appendAnswer = { to: from, answer };
}

/** Leaves with the write that makes the answered entries durable, or at once if they are. */
export function flushAppendAnswer(state: State): void {
  const pending = state.outbox.appendAnswer;
  if (pending === undefined) return;
  state.outbox.appendAnswer = undefined;
  const { to, answer } = pending;
  if (answer.term !== state.term || answer.result.kind !== 'matched') return;
  sendOnceDurable(state, to, answer, answer.result.match);
}

function answerConflict(state: State, from: NodeId, append: Append): void {
  const { log } = state;
  const hintIndex = log.lastIndexWithTermAtMost(append.prevIndex, append.prevTerm);
  sendOnceDurable(state, from, {
    kind: 'append-answer',
    term: state.term,
    round: append.round,
    stamp: stampNow(state),
    result: {
      kind: 'conflict',
      prevIndex: append.prevIndex,
      hintIndex,
      hintTerm: log.termAt(hintIndex)!,
    },
  });
}

export function onHeartbeat(state: State, from: NodeId, heartbeat: Heartbeat): void {
  hearLeader(state, from);
  invariant(heartbeat.commit <= state.log.lastIndex, 'acknowledged entries are still here');
  state.heardClockMs = Math.max(state.heardClockMs, heartbeat.clockMs);
  learnWatermarks(state, heartbeat, heartbeat.commit);
  takeLease(state, heartbeat.echo);
  // The leader also uses a heartbeat of an old round to pass on a commit index: no answer is wanted.
  if (heartbeat.round <= state.answeredHeartbeatRound) return;
  state.answeredHeartbeatRound = heartbeat.round;
  // An answer helps the leader to stay in office. One whose disk hangs cannot help it to commit, and a
  // leader that is heard by a majority of which some cannot write would hold up a majority that can.
  if (isStalled(state) && !state.storageFull) return;
  sendOnceDurable(state, from, {
    kind: 'heartbeat-answer',
    term: state.term,
    round: heartbeat.round,
    stamp: stampNow(state),
    lastIndex: state.durability.index,
  });
}
