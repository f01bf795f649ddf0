import { ownerOf, type Ring } from '@quorate/hashing';
import type { ProposeOptions } from '@quorate/raft';
import { requestRef, type Context } from '@quorate/service-kit';
import type { CacheConfig } from '../config.ts';
import type { BusCounts } from '../lines/bus-counts.ts';
import type { LineCache } from '../lines/line-cache.ts';
import type { ReadCounts } from '../metrics.ts';
import type { Reader } from '../shards/reader.ts';
import type { Shard } from '../shards/shard.ts';
import type { WriteLimits } from '../state-machine/commands.ts';

/** What every route has at hand. */
export interface Desk {
  readonly shards: readonly Shard[];
  /** By shard. */
  readonly readers: readonly Reader[];
  readonly ring: Ring;
  readonly config: CacheConfig;
  readonly limits: WriteLimits;
  readonly lines: LineCache;
  readonly reads: ReadCounts;
  readonly bus: BusCounts;
}

/** Picked one by one: whatever stands here goes into the log, and a configuration holds secrets. */
export const limitsOf = (config: CacheConfig): WriteLimits => ({
  dirtyBytesMax: config.shardDirtyBytesMax,
  // What is dirty cannot be dropped for want of room, so it has room of its own.
  valueBytesMax: config.shardMemoryBytesMax + config.shardDirtyBytesMax,
  keysMax: config.shardKeysMax,
});

/** The shard's number is its name on the ring. */
export const shardNumberOf = (ring: Ring, key: string): number => Number(ownerOf(ring, key));

export const shardOf = (desk: Desk, key: string): Shard =>
  desk.shards[shardNumberOf(desk.ring, key)]!;

/** How a route's command is proposed: by when, and known again by which id. */
export function optionsFor(
  route: string,
  body: { readonly request_id?: string | undefined },
  context: Context,
): ProposeOptions {
  const { deadlineMs } = context;
  const requestId = body.request_id;
  if (requestId === undefined) return { deadlineMs };
  return { deadlineMs, ...requestRef({ route, body, scope: context.caller, requestId }) };
}
