import { noAskedReads } from './asked-reads.ts';
import { compactBehind } from './compaction.ts';
import { durabilityOf } from './durability.ts';
import { restartTimer } from './election-timer.ts';
import type { DurableState, Membership } from './entry.ts';
import { indexZero, logIndex } from './ids.ts';
import { invariant } from './invariant.ts';
import { emptyBase, Log, type LogBase } from './log.ts';
import type { CoreOptions } from './options.ts';
import { emptyOutbox } from './outbox.ts';
import type { State } from './state.ts';

/**
 * A node after a start, as its store remembers it. What it had committed beyond its snapshot it does
 * not know; a leader will tell. The state machine is taken to stand at the snapshot.
 */
export function initialState(options: CoreOptions): State {
  const { durable } = options;
  const { snapshot, hardState } = durable;
  const log = restoreLog(durable, options.bootstrap);
  invariant(hardState.term >= log.lastTerm, 'a node knows the term of what it has written');
  const start = snapshot?.index ?? indexZero;
  const state: State = {
    id: options.id,
    incarnation: options.incarnation,
    timing: options.timing,
    limits: options.limits,
    localReads: options.localReads,
    random: options.random,
    nowMs: options.nowMs,
    awakeMs: options.nowMs,
    term: hardState.term,
    vote: hardState.vote,
    role: 'follower',
    leader: undefined,
    log,
    commit: start,
    handedOut: start,
    applied: start,
    settled: indexZero,
    snapshot,
    heardClockMs: 0,
    storageFull: false,
    timer: {
      timeoutMs: 0,
      deadlineMs: 0,
      leaderHeardMs: undefined,
      leaderHeardAtMs: undefined,
    },
    candidacy: undefined,
    leadership: undefined,
    answeredHeartbeatRound: 0,
    leaseUntilMs: -Infinity,
    offeredLeaseUntilMs: -Infinity,
    clockTrustedFromMs: -Infinity,
    incoming: undefined,
    askedReads: noAskedReads(),
    durability: durabilityOf(hardState, log.lastIndex),
    outbox: emptyOutbox(),
    reportedOffice: { role: 'follower', term: hardState.term, leader: undefined },
  };
  restartTimer(state);
  // A crash may have come between the last snapshot and the compaction that follows it.
  compactBehind(state);
  return state;
}

function restoreLog({ snapshot, entries }: DurableState, bootstrap: Membership): Log {
  const first = entries[0];
  const snapshotIndex = snapshot?.index ?? indexZero;
  invariant(first === undefined || first.index <= snapshotIndex + 1, 'the log has no gap');
  // The log may begin before the snapshot. Of what stands before its first entry not even the term is
  // known, so that entry becomes the base; it is in the snapshot and never sent.
  let base: LogBase = snapshot ?? emptyBase;
  let from = 0;
  if (first !== undefined && first.index <= snapshotIndex) {
    base = first;
    from = 1;
  }
  const membership = snapshot?.membership ?? bootstrap;
  const log = new Log(
    { index: base.index, term: base.term, atMs: base.atMs },
    { index: snapshotIndex, membership },
  );
  for (let i = from; i < entries.length; i++) log.push(entries[i]!);
  invariant(
    snapshot === undefined || log.termAt(logIndex(snapshot.index)) === snapshot.term,
    'the log goes through the snapshot',
  );
  return log;
}
