import { ownerOf, type Ring } from '@quorate/hashing';
import { requestRef, type Context } from '@quorate/service-kit';
import type { ProposeOptions } from '@quorate/raft';
import type { QueueConfig } from '../config.ts';
import type { QueueMetrics } from '../metrics.ts';
import type { EnqueueLimits } from '../state-machine/commands.ts';
import type { Shard } from '../shards/shard.ts';
import { placementName } from '../state-machine/settings.ts';

/** What every route has at hand. */
export interface Desk {
  readonly shards: readonly Shard[];
  readonly ring: Ring;
  readonly config: QueueConfig;
  readonly metrics: QueueMetrics;
}

/** Picked one by one: whatever stands here goes into the log, and a configuration holds secrets. */
export const limitsOf = (config: QueueConfig): EnqueueLimits => ({
  queueMessagesMax: config.queueMessagesMax,
  queueBytesMax: config.queueBytesMax,
  shardMessagesMax: config.shardMessagesMax,
  shardBytesMax: config.shardBytesMax,
  dedupIdsMax: config.dedupIdsMax,
});

/** The shard's number is its name on the ring. */
export const shardNumberOf = (ring: Ring, queue: string): number =>
  Number(ownerOf(ring, placementName(queue)));

export const shardOf = (desk: Desk, queue: string): Shard =>
  desk.shards[shardNumberOf(desk.ring, queue)]!;

/** How a route's command is proposed: by when, and known again by which id. */
export function optionsFor(
  route: string,
  body: { readonly request_id?: string | undefined },
  context: Context,
  caller?: string,
): ProposeOptions {
  const { deadlineMs } = context;
  if (body.request_id === undefined) return { deadlineMs };
  const scope = caller ?? context.caller;
  return { deadlineMs, ...requestRef({ route, body, scope, requestId: body.request_id }) };
}
