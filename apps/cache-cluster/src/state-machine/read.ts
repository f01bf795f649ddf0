import { afterRead, lineStateOf } from '@quorate/mesi';
import type { AppliedAt } from '@quorate/raft';
import type { ReadResult } from './commands.ts';
import type { ShardState } from './shard-state.ts';

/** A miss: the reader becomes a sharer, or the owner if nobody else has a line. */
export function readKey(state: ShardState, key: string, at: AppliedAt): ReadResult {
  const result = resultOf(state, key, at);
  state.events.push({ kind: 'read', key, node: at.origin.node, result });
  return result;
}

function resultOf(state: ShardState, key: string, at: AppliedAt): ReadResult {
  const record = state.present(key, at.atMs);
  if (record === undefined) return absent;
  const node = state.nodes.numberOf(at.origin.node);
  const entry = afterRead(state.standing(record), node);
  state.share(record, entry, at.index);
  return {
    kind: 'found',
    version: entry.version,
    state: lineStateOf(entry, node),
    item: record.item,
  };
}

const absent = { kind: 'absent' } as const;
