import { ownerOf, type Ring } from '@quorate/hashing';
import { requestRef, type Context } from '@quorate/service-kit';
import type { ProposeOptions } from '@quorate/raft';
import type { QueueConfig } from '../config.ts';
import type { QueueMetrics } from '../metrics.ts';
import type { EnqueueLimits } from '../state-machine/commands.ts';
import type { Shard } from '../shards/shard.ts';
import { placementName } from '../state-machine/settings.ts';
import type { ShardState } from '../state-machine/shard-state.ts';

/** What every route has at hand. */
export interface Desk {
  readonly shards: readonly Shard[];
  readonly ring: Ring;
  readonly config: QueueConfig;
  readonly metrics: QueueMetrics;
}

/** What a node has left for one of its shards. */
interface Room {
  readonly messages: number;
  readonly bytes: number;
  readonly dedupIds: number;
  readonly queues: number;
  readonly waiters: number;
}

/**
 * A node holds all shards in one heap: what a shard may hold is what the others leave. It travels with
 * the command (ADR 9), so nodes that see the other shards at another moment still decide alike.
 */
export function roomOf({ config, shards }: Pick<Desk, 'config' | 'shards'>, shard: Shard): Room {
  const others = shards.filter((one) => one !== shard).map((one) => one.state);
  const without = (total: number, held: (state: ShardState) => number): number =>
    others.reduce((left, state) => left - held(state), total);
  return {
    messages: without(config.nodeMessagesMax, (one) => one.messages.size + one.outbox.size),
    bytes: without(config.nodeBytesMax, (one) => one.size),
    dedupIds: without(config.dedupIdsMax, (one) => one.seen.size),
    queues: without(config.queuesMax, (one) => one.queues.size),
    waiters: without(config.waitersMax, (one) => one.waits.size),
  };
}

/** Picked one by one: whatever stands here goes into the log, and a configuration holds secrets. */
export function limitsOf(desk: Pick<Desk, 'config' | 'shards'>, shard: Shard): EnqueueLimits {
  const { messages, bytes, dedupIds, queues } = roomOf(desk, shard);
  return {
    queueMessagesMax: desk.config.queueMessagesMax,
    queueBytesMax: desk.config.queueBytesMax,
    shardMessagesMax: messages,
    shardBytesMax: bytes,
    shardDedupIdsMax: dedupIds,
    shardQueuesMax: queues,
  };
}

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
