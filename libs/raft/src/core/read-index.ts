import type { LogIndex } from './ids.ts';
import type { Leadership, Reader } from './leadership.ts';
import { post } from './outbox.ts';
import { broadcastRound } from './rounds.ts';
import type { State } from './state.ts';

/**
 * ReadIndex (§6.4 of the dissertation): a leader that has committed an entry of its own term knows
 * every entry committed before it; a round answered by a majority *after* the read came shows that
 * nobody had deposed it yet. What is committed at that point is safe to read at.
 */
export function startReadRound(state: State, leadership: Leadership): boolean {
  const { readers } = leadership;
  if (readers.length === 0 || state.commit < leadership.noopIndex) return false;
  const round = leadership.round + 1;
  leadership.readRounds.push({ round, index: state.commit, readers: readers.splice(0) });
  broadcastRound(state, leadership);
  return true;
}

/** Everything that waits for this round or an earlier one is confirmed. */
export function confirmReads(state: State, leadership: Leadership): void {
  const { readRounds } = leadership;
  while (readRounds.length > 0 && readRounds[0]!.round <= leadership.quorumRound) {
    const { index, readers } = readRounds.shift()!;
    for (const reader of readers) answerReader(state, reader, index);
  }
}

/** A deposed leader confirms nothing any more. */
export function failReads(state: State, leadership: Leadership): void {
  for (const { readers } of leadership.readRounds) {
    for (const reader of readers) answerReader(state, reader, undefined);
  }
  for (const reader of leadership.readers) answerReader(state, reader, undefined);
  leadership.readRounds.length = 0;
  leadership.readers.length = 0;
}

export function answerReader(state: State, reader: Reader, index: LogIndex | undefined): void {
  const { from, id, incarnation } = reader;
  if (from === undefined) state.outbox.reads.push({ id, index });
  else post(state.outbox, from, { kind: 'read-answer', term: state.term, id, incarnation, index });
}
