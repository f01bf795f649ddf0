import { afterFlush } from '@quorate/mesi';
import type { AppliedAt } from '@quorate/raft';
import type { KeyVersion } from './commands.ts';
import type { ShardState } from './shard-state.ts';

/** How much one entry does; what is left is still due and follows in further entries. */
export const dueMax = 1_000;

/** Memory has these. A version that is not the key's any more says nothing about the key. */
export function noteFlushed(
  state: ShardState,
  keys: readonly KeyVersion[],
  keepValues: boolean,
): void {
  if (!keepValues && keys.length > 0) state.hasFlushed = true;
  for (const { key, version } of keys) {
    const record = state.keys.get(key);
    if (record === undefined) continue;
    const entry = afterFlush(record.entry, version);
    if (entry === record.entry) continue;
    state.clean(record, entry, keepValues);
    state.events.push({ kind: 'flushed', key, version });
  }
}

/** The leader gave these up, in these versions; what was written since it looked stays. */
export function dropKeys(
  state: ShardState,
  { keys, why }: { readonly keys: readonly KeyVersion[]; readonly why: 'evicted' | 'lost' },
  at: AppliedAt,
): void {
  for (const { key, version } of keys) {
    const record = state.keys.get(key);
    if (record?.entry.present !== true || record.entry.version !== version) continue;
    state.drop(record, at.index, why);
  }
}

/**
 * Each key that memory had is found missing when it is asked for; what stands here is not touched by
 * it. Lines are given up all the same, so that nobody goes on with what can no longer be had.
 */
export function noteLoss(state: ShardState, at: AppliedAt): void {
  state.hasFlushed = false;
  state.nodes.allDeparted(at.index);
  state.events.push({ kind: 'memory-lost' });
}

export function expireDue(state: ShardState, at: AppliedAt): void {
  for (let left = dueMax; left > 0; left--) {
    const record = state.deadlines.first;
    if (record === undefined || record.deadlineMs > at.atMs) return;
    state.drop(record, at.index, 'expired');
  }
}
