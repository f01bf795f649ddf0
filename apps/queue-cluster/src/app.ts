import { performance } from 'node:perf_hooks';
import { createRing } from '@quorate/hashing';
import type { ClusterApp, TlsMaterial } from '@quorate/service-kit';
import type { QueueConfig } from './config.ts';
import { QueueMetrics, watchQueues } from './metrics.ts';
import { queueProblems } from './problems.ts';
import { dequeueRoute } from './routes/dequeue.ts';
import { shardNumberOf } from './routes/desk.ts';
import { enqueueRoute } from './routes/enqueue.ts';
import { queueRoutes } from './routes/queues.ts';
import { settleRoutes } from './routes/settle.ts';
import { Courier } from './shards/courier.ts';
import { Shard } from './shards/shard.ts';
import { commandCodec } from './state-machine/command-codec.ts';
import type { QueueCommand, QueueEvent, QueueReply } from './state-machine/commands.ts';
import { QueueMachine } from './state-machine/queue-machine.ts';
import { replyCodec } from './state-machine/reply-codec.ts';

/** Sooner than elsewhere: what was leased to consumers of a dead node returns when it is given up. */
const nodeGoneAfterMs = 3_000;
const courierMs = 5_000;
/** Over all shards, which share the node's heap. Part of what the log means: nodes that differ do not link. */
const requestsMax = 1_000_000;
const requestBytesMax = 256 << 20;

export function queueApp(
  config: QueueConfig,
  tls: TlsMaterial | undefined,
): ClusterApp<QueueCommand, QueueReply, QueueEvent, QueueMachine> {
  const ring = createRing(Array.from({ length: config.shards }, (_, shard) => String(shard)));
  const shardOf = (queue: string): number => shardNumberOf(ring, queue);
  return {
    name: 'queue-cluster',
    version: '0.1.0',
    description: 'At-least-once messages, in order per queue and per key, with dead letters.',
    config,
    tls,
    problems: queueProblems,
    shards: config.shards,
    createMachine: (shard) => new QueueMachine({ shard, shardOf }),
    commands: commandCodec,
    replies: replyCodec,
    replica: {
      nodeGoneAfterMs,
      requests: {
        windowMs: 120_000,
        requestsMax: Math.floor(requestsMax / config.shards),
        bytesMax: Math.floor(requestBytesMax / config.shards),
      },
    },
    build({ shards: parts, life, registry }) {
      const { incarnation } = life;
      const shards = parts.map(
        ({ shard, group, machine }) =>
          new Shard(shard, group, machine, { node: life.node, incarnation }),
      );
      const metrics = new QueueMetrics(registry);
      watchQueues(registry, shards);
      metrics.listen(shards);
      const courier = new Courier(shards);
      const desk = { shards, ring, config, metrics };
      return {
        routes: [
          enqueueRoute(desk),
          dequeueRoute(desk),
          ...settleRoutes(desk),
          ...queueRoutes(desk),
        ],
        stats: () => statsOf(shards),
        upkeep() {
          for (const shard of shards) shard.confirm();
          void courier.run(performance.now() + courierMs);
        },
      };
    },
  };
}

const statsOf = (shards: readonly Shard[]): object => ({
  shards: shards.map(({ number, state }) => ({
    shard: number,
    queues: state.byName.size,
    messages: state.messages.size,
    payload_characters: state.size,
    waiting: state.waits.size,
    dedup_ids: state.seen.size,
    letters_waiting: state.outbox.size,
  })),
});
