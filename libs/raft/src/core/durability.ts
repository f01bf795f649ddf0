import type { DurableWrite } from './effects.ts';
import type { HardState } from './entry.ts';
import { indexZero, logIndex, type LogIndex, type NodeId } from './ids.ts';
import { invariant } from './invariant.ts';
import type { Message } from './message.ts';
import type { State } from './state.ts';

interface WriteInFlight {
  readonly id: number;
  /** Entries of the present log up to here are durable with this write. Lowered by a truncation. */
  lastIndex: LogIndex;
  readonly hardState: HardState;
  readonly issuedMs: number;
}

/** What is known to survive a crash, and what is on its way. */
export interface Durability {
  /** The present log is durable up to here. */
  index: LogIndex;
  hardState: HardState;
  /** What the newest write issued, so that an unchanged term and vote are not written again. */
  issuedHardState: HardState;
  readonly inFlight: WriteInFlight[];
  nextWriteId: number;
}

export const durabilityOf = (hardState: HardState, lastIndex: LogIndex): Durability => ({
  index: lastIndex,
  hardState,
  issuedHardState: hardState,
  inFlight: [],
  nextWriteId: 1,
});

/** Gathers what the batch has to make durable, or nothing. */
export function issueWrite(state: State): DurableWrite | undefined {
  const { outbox, durability } = state;
  const issued = durability.issuedHardState;
  const changed = issued.term !== state.term || issued.vote !== state.vote;
  if (
    !changed &&
    outbox.unwritten.length === 0 &&
    outbox.install === undefined &&
    outbox.thenSend.length === 0
  ) {
    return undefined;
  }
  if (changed) {
    invariant(state.term >= issued.term, 'terms never go back');
    invariant(
      state.term > issued.term || issued.vote === undefined,
      'a vote is neither changed nor taken back within its term',
    );
    durability.issuedHardState = { term: state.term, vote: state.vote };
  }
  const id = durability.nextWriteId;
  durability.nextWriteId += 1;
  durability.inFlight.push({
    id,
    lastIndex: state.log.lastIndex,
    hardState: durability.issuedHardState,
    issuedMs: state.awakeMs,
  });
  return {
    id,
    hardState: changed ? durability.issuedHardState : undefined,
    entries: outbox.unwritten,
    install: outbox.install?.meta,
    keepSuffix: outbox.install?.keepSuffix ?? false,
    thenSend: outbox.thenSend,
  };
}

/**
 * Writes complete in order, so one completion stands for all before it. A write whose entries were cut
 * off meanwhile proves nothing about the entries that took their indexes (the ABA race of
 * asynchronous appends): `forgetFrom` has lowered its mark.
 */
export function noteCompleted(state: State, writeId: number): boolean {
  const { durability } = state;
  let moved = false;
  while (durability.inFlight.length > 0 && durability.inFlight[0]!.id <= writeId) {
    const write = durability.inFlight.shift()!;
    if (write.lastIndex > durability.index) durability.index = write.lastIndex;
    durability.hardState = write.hardState;
    moved = true;
  }
  invariant(writeId < durability.nextWriteId, 'only what was issued completes');
  invariant(durability.index <= state.log.lastIndex, 'nothing is durable beyond the log');
  return moved;
}

/** The log is about to lose `index` and everything after. */
export function forgetFrom(durability: Durability, index: LogIndex): void {
  const before = logIndex(index - 1);
  if (durability.index > before) durability.index = before;
  for (const write of durability.inFlight) {
    if (write.lastIndex > before) write.lastIndex = before;
  }
}

/** Whether the disk has kept a write for so long that it must be taken for hung. */
export function isStalled(state: State): boolean {
  const oldest = state.durability.inFlight[0];
  if (oldest === undefined) return false;
  return state.awakeMs - oldest.issuedMs > state.timing.electionTimeoutMaxMs;
}

export function hardStateIsDurable(state: State): boolean {
  const { hardState } = state.durability;
  return hardState.term === state.term && hardState.vote === state.vote;
}

/**
 * Sends what claims that this term, this vote and the log up to `through` would survive a crash: at
 * once if that is so already, else with the write that makes it so.
 */
export function sendOnceDurable(
  state: State,
  to: NodeId,
  message: Message,
  through: LogIndex = indexZero,
): void {
  const durable = hardStateIsDurable(state) && through <= state.durability.index;
  // Heartbeats come without end, and behind a hung disk so would the writes that wait to answer them.
  if (!durable && message.kind === 'heartbeat-answer' && isStalled(state)) return;
  (durable ? state.outbox.send : state.outbox.thenSend).push({ to, message });
}
