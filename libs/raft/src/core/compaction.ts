import type { SnapshotMeta } from './entry.ts';
import { logIndex, type LogIndex } from './ids.ts';
import { invariant } from './invariant.ts';
import { entryBytes } from './run-memo.ts';
import type { State } from './state.ts';

/** How much more than the trailing bound is kept while a peer is being sent a snapshot. */
const pinnedFactor = 4;

/** A snapshot of our own is durable: what it covers may leave the log. */
export function onSnapshotTaken(state: State, meta: SnapshotMeta): void {
  if (state.snapshot !== undefined && meta.index <= state.snapshot.index) return;
  invariant(meta.index <= state.handedOut, 'a snapshot is of what was applied');
  invariant(state.log.termAt(meta.index) === meta.term, 'a snapshot is of this log');
  state.snapshot = meta;
  compactBehind(state);
}

/**
 * Some entries behind the snapshot stay, so that a follower that is a little late need not take all
 * of it; and those that a peer will need once it has the snapshot that it is being sent stay longer.
 */
export function compactBehind(state: State): void {
  const { snapshot, log, limits } = state;
  if (snapshot === undefined) return;
  let through = trailing(state, snapshot.index, limits.trailingBytesMax);
  const pinned = lowestBeingSent(state);
  if (pinned !== undefined && pinned < through) {
    const floor = trailing(state, snapshot.index, limits.trailingBytesMax * pinnedFactor);
    through = logIndex(Math.max(pinned, floor));
  }
  // A received snapshot may be ahead of what this node's state machine was given.
  through = logIndex(Math.min(through, state.handedOut));
  if (through <= log.baseIndex) return;
  log.compactTo(through);
  state.outbox.compact = through;
}

/** The index behind which at most `bytesMax` of log stand before `index`. */
function trailing(state: State, index: LogIndex, bytesMax: number): LogIndex {
  const { log } = state;
  let at = index;
  let bytes = 0;
  while (at > log.baseIndex) {
    bytes += entryBytes(log.entryAt(at)!);
    if (bytes > bytesMax) break;
    at = logIndex(at - 1);
  }
  return at;
}

function lowestBeingSent(state: State): LogIndex | undefined {
  let lowest: LogIndex | undefined;
  for (const { sending } of state.leadership?.peers ?? []) {
    if (sending === undefined) continue;
    if (lowest === undefined || sending.meta.index < lowest) lowest = sending.meta.index;
  }
  return lowest;
}
