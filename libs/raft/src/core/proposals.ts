import type { Proposal, ProposeResult } from './effects.ts';
import type { Entry } from './entry.ts';
import { logIndex } from './ids.ts';
import { leaderClockMs, syncPeers, type Leadership } from './leadership.ts';
import { writeEntry } from './outbox.ts';
import { entryBytes } from './run-memo.ts';
import type { State } from './state.ts';

/** All of a batch is appended, or nothing of it. */
export function proposeAll(state: State, proposals: readonly Proposal[]): ProposeResult {
  const { leadership } = state;
  if (leadership === undefined) return { kind: 'not-leader', leader: state.leader };
  if (leadership.transfer !== undefined) return { kind: 'transferring' };
  if (state.storageFull) return { kind: 'storage-full' };
  // A single batch beyond the bound may go when nothing else is under way: otherwise it never could.
  if (leadership.uncommittedBytes >= state.limits.uncommittedBytesMax)
    return { kind: 'overloaded' };
  if (leadership.uncommittedBytes > 0) {
    let bytes = leadership.uncommittedBytes;
    for (const { payload } of proposals) bytes += payload.length;
    if (bytes > state.limits.uncommittedBytesMax) return { kind: 'overloaded' };
  }
  const firstIndex = logIndex(state.log.lastIndex + 1);
  appendOwn(state, leadership, proposals);
  return { kind: 'appended', firstIndex, term: state.term };
}

/** Appends with the cluster clock's stamp; a whole batch is of one moment. */
export function appendOwn(
  state: State,
  leadership: Leadership,
  proposals: readonly Proposal[],
): void {
  const { log, outbox, term } = state;
  const atMs = leaderClockMs(state, leadership, state.nowMs);
  if (log.lastIndex === state.commit) leadership.commitMovedMs = state.awakeMs;
  let index = log.lastIndex + 1;
  let membershipChanged = false;
  for (const { kind, payload } of proposals) {
    const entry: Entry = { index: logIndex(index), term, atMs, kind, payload };
    log.push(entry);
    writeEntry(outbox, entry);
    leadership.uncommittedBytes += entryBytes(entry);
    if (kind === 'membership') membershipChanged = true;
    index += 1;
  }
  if (membershipChanged) syncPeers(state, leadership);
  leadership.dirty = true;
}
