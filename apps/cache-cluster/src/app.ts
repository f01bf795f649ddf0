import { createRing } from '@quorate/hashing';
import type { ClusterApp, Logger, TlsMaterial } from '@quorate/service-kit';
import type { CacheConfig } from './config.ts';
import { createBusCounts } from './lines/bus-counts.ts';
import { LineCache } from './lines/line-cache.ts';
import { embeddedMemory } from './memory/embedded-memory.ts';
import type { Memory } from './memory/memory.ts';
import { redisMemory } from './memory/redis-memory.ts';
import { watchCache, type ReadCounts } from './metrics.ts';
import { cacheProblems } from './problems.ts';
import { deleteRoutes } from './routes/delete.ts';
import { limitsOf, type Desk } from './routes/desk.ts';
import { getRoutes } from './routes/get.ts';
import { itemRoutes } from './routes/item.ts';
import { lookRoutes, statsOf } from './routes/look.ts';
import { putRoutes } from './routes/put.ts';
import { Evictor } from './shards/evictor.ts';
import { Flusher } from './shards/flusher.ts';
import { Reader } from './shards/reader.ts';
import { Shard } from './shards/shard.ts';
import { CacheMachine } from './state-machine/cache-machine.ts';
import { commandCodec } from './state-machine/command-codec.ts';
import { replyCodec } from './state-machine/reply-codec.ts';
import type { CacheCommand, CacheEvent, CacheReply } from './state-machine/commands.ts';

/**
 * Part of the protocol, like the format of a message: a new leader with a shorter lease than its
 * predecessor's would not wait long enough. So these are constants of the version.
 */
const localReads = {
  leaseMs: 400,
  driftMs: 10,
  lagMaxMs: 50,
  readmitMinMs: 1_000,
  readmitMaxMs: 60_000,
};

export function cacheApp(
  config: CacheConfig,
  tls: TlsMaterial | undefined,
): ClusterApp<CacheCommand, CacheReply, CacheEvent, CacheMachine> {
  const ring = createRing(Array.from({ length: config.shards }, (_, shard) => String(shard)));
  return {
    name: 'cache-cluster',
    version: '0.1.0',
    description: 'A coherent cache: hits from the memory of this node, and never a stale one.',
    config,
    tls,
    problems: cacheProblems,
    shards: config.shards,
    createMachine: () => new CacheMachine(),
    commands: commandCodec,
    replies: replyCodec,
    localReads,
    build({ shards: parts, life, registry, logger }) {
      const memory = openMemory(config, logger);
      const lines = new LineCache({ linesMax: config.linesMax, bytesMax: config.lineBytesMax });
      const bus = createBusCounts();
      const reads: ReadCounts = { hits: 0, misses: 0, lost: 0 };
      const shards = parts.map(
        ({ shard: number, group, machine }) =>
          new Shard({
            number,
            group,
            machine,
            life,
            lines,
            memory: memory.shard(number, () => machine.state.name),
            counts: bus,
          }),
      );
      watchCache(registry, { reads, bus, lines, shards });
      const readers = shards.map(
        (shard) => new Reader(shard, memory.source, (keys) => (reads.lost += keys)),
      );
      const flushers = shards.map((shard) => new Flusher(shard, memory, logger));
      const evictors = memory.keepsValues
        ? shards.map((shard) => new Evictor(shard, config.shardMemoryBytesMax))
        : [];
      const desk: Desk = {
        shards,
        readers,
        ring,
        config,
        limits: limitsOf(config),
        lines,
        reads,
        bus,
      };
      return {
        routes: [
          ...getRoutes(desk),
          ...putRoutes(desk),
          ...deleteRoutes(desk),
          ...lookRoutes(desk),
          ...itemRoutes(desk),
        ],
        stats: () => statsOf(desk),
        upkeep() {
          for (const { snooper, state } of shards) snooper.appliedThrough(state.index);
          for (const flusher of flushers) void flusher.run();
          for (const evictor of evictors) void evictor.run();
        },
        close: () => memory.close(),
      };
    },
  };
}

/** Redis where it is named, or asked for; else the replicated state itself. */
function openMemory(config: CacheConfig, logger: Logger): Memory {
  const kind = config.memory ?? (config.redisUrl === undefined ? 'embedded' : 'redis');
  const memory =
    kind === 'redis'
      ? redisMemory({ target: config.redis, cluster: config.clusterName, logger })
      : embeddedMemory();
  void memory.durability().then(({ level, statement }) => {
    logger.log(level, `memory: ${statement}`);
  });
  return memory;
}
