import { settle } from './granted-leases.ts';
import { logIndex, type LogIndex } from './ids.ts';
import { invariant } from './invariant.ts';
import type { Leadership } from './leadership.ts';
import { quorumValue } from './quorum.ts';
import type { State } from './state.ts';

/**
 * An entry is committed when a quorum has it durably and it is of the leader's own term (§5.4.2);
 * what stands before it is committed with it. Figure 8 is why counting alone is not enough.
 */
export function commitAsLeader(state: State, leadership: Leadership): void {
  const index = logIndex(quorumValue(state.log.membership, leadership.matchOf));
  if (index > state.commit && state.log.termAt(index) === state.term) {
    leadership.uncommittedBytes -= state.log.bytesBetween(logIndex(state.commit + 1), index);
    commitThrough(state, index);
    leadership.commitMovedMs = state.awakeMs;
    leadership.dirty = true;
  }
  settle(state, leadership);
}

export function commitThrough(state: State, index: LogIndex): void {
  invariant(index >= state.commit, 'the commit index never goes back');
  invariant(index <= state.log.lastIndex, 'what is committed is in the log');
  state.commit = index;
}

/**
 * Committed entries go to the state machine once this node's own disk has them as well. Then nothing
 * that was applied here can be missing here after a restart, and a snapshot never outruns the log.
 */
export function takeCommitted(state: State): { from: LogIndex; through: LogIndex } | undefined {
  const through = Math.min(state.commit, state.durability.index);
  if (through <= state.handedOut) return undefined;
  const from = logIndex(state.handedOut + 1);
  state.handedOut = logIndex(through);
  return { from, through: state.handedOut };
}
