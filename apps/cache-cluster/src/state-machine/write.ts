import { afterWrite, writeKindOf } from '@quorate/mesi';
import type { AppliedAt } from '@quorate/raft';
import type { DeleteResult, KeyDelete, KeyWrite, WriteLimits, WriteResult } from './commands.ts';
import { holds } from './condition.ts';
import type { KeyRecord } from './key-record.ts';
import type { ShardState } from './shard-state.ts';
import { itemBytes, type CacheItem } from './value.ts';

/** The writer's line is M, every other line is gone, and the value is ahead of memory. */
export function writeKey(
  state: ShardState,
  write: KeyWrite,
  limits: WriteLimits,
  at: AppliedAt,
): WriteResult {
  const { key, ttlMs } = write;
  const record = state.present(key, at.atMs);
  if (!holds(write.condition, record?.entry.version)) return mismatch(record);
  const what = overLimit(state, write, limits);
  if (what !== undefined) return { kind: 'full', what };
  const node = state.nodes.numberOf(at.origin.node);
  const bus = writeKindOf(record && state.standing(record), node);
  const version = at.index;
  const deadlineMs = ttlMs === undefined ? Infinity : at.atMs + ttlMs;
  const { type, bytes } = write.value;
  // The command's bytes are a view into the batch it came in; keeping them would keep all of it.
  const value = { type, bytes: new Uint8Array(bytes) };
  const item: CacheItem = { version, writtenAtMs: at.atMs, deadlineMs, value };
  state.put(key, afterWrite({ node, version, deadlineMs }), item);
  state.events.push({ kind: 'written', key, node: at.origin.node, bus, item });
  return { kind: 'written', version, created: record === undefined };
}

export function deleteKey(
  state: ShardState,
  { key, condition }: KeyDelete,
  at: AppliedAt,
): DeleteResult {
  const record = state.present(key, at.atMs);
  if (!holds(condition, record?.entry.version)) return mismatch(record);
  if (record === undefined) return { kind: 'absent' };
  state.drop(record, at.index, 'deleted');
  return { kind: 'deleted' };
}

const mismatch = (record: KeyRecord | undefined) =>
  ({ kind: 'mismatch', version: record?.entry.version ?? 0 }) as const;

function overLimit(
  state: ShardState,
  { key, value }: KeyWrite,
  limits: WriteLimits,
): string | undefined {
  const bytes = itemBytes(key, value);
  const held = state.heldBytes(key);
  if (state.dirtyBytes - held.dirty + bytes > limits.dirtyBytesMax) {
    return 'memory is too far behind, and the dirty table is full';
  }
  if (state.valueBytes - held.value + bytes > limits.valueBytesMax) {
    return 'the shard holds its most bytes';
  }
  const isNew = state.keys.get(key)?.entry.present !== true;
  if (isNew && state.keyCount >= limits.keysMax) return 'the shard holds its most keys';
  return undefined;
}
