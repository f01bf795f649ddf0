import type { Logger, RedisTarget } from '@quorate/service-kit';
import type { Durability, Memory } from './memory.ts';
import { RedisLink } from './redis-link.ts';
import { RedisShard } from './redis-shard.ts';

export interface RedisMemoryOptions {
  readonly target: RedisTarget;
  /** Clusters of different names may share a Redis. */
  readonly cluster: string;
  readonly logger: Logger;
  /** A connection on which nothing is answered for so long is given up. */
  readonly silenceMs?: number;
}

/** How long a start waits for Redis before it says that it cannot tell how durable it is. */
const patienceMs = 5_000;

/** Values in Redis, with the log in front of it. A Redis that is away keeps no node from starting. */
export function redisMemory({ target, cluster, logger, silenceMs }: RedisMemoryOptions): Memory {
  const link = new RedisLink(target, logger, silenceMs);
  return {
    source: 'redis',
    keepsValues: false,
    shard: (shard, log) => new RedisShard(link, { tag: `quorate:{${cluster}:${shard}}`, log }),
    durability: () => durabilityOf(link),
    close() {
      link.close();
      return Promise.resolve();
    },
  };
}

/** What an operator must know: a flushed value is as safe as this Redis, and no safer. */
async function durabilityOf(link: RedisLink): Promise<Durability> {
  if (!(await link.ready(patienceMs))) {
    const statement = `Redis does not answer (${link.trouble}); how durable it is cannot be told`;
    return { level: 'warn', statement };
  }
  const deadlineMs = performance.now() + patienceMs;
  const appendOnly = await link.setting('appendonly', deadlineMs);
  const sync = await link.setting('appendfsync', deadlineMs);
  const sleepsInRewrites = await link.setting('no-appendfsync-on-rewrite', deadlineMs);
  const eviction = await link.setting('maxmemory-policy', deadlineMs);
  if (appendOnly === undefined) {
    const statement = 'Redis does not say how durable it is (CONFIG GET is refused)';
    return { level: 'warn', statement };
  }
  const settings =
    `appendonly ${appendOnly}, appendfsync ${sync ?? 'unknown'}, ` +
    `maxmemory-policy ${eviction ?? 'unknown'}`;
  const weaknesses = [
    appendOnly !== 'yes' && 'a restart of Redis loses what was flushed',
    appendOnly === 'yes' && sync !== 'always' && 'a crash of Redis may lose the last second',
    appendOnly === 'yes' &&
      sleepsInRewrites === 'yes' &&
      'a crash while Redis rewrites its file may lose what was flushed meanwhile ' +
        '(no-appendfsync-on-rewrite yes)',
    eviction !== undefined && eviction !== 'noeviction' && 'Redis may evict values',
  ].filter((one) => one !== false);
  return weaknesses.length === 0
    ? { level: 'info', statement: `Redis: ${settings}: a flushed value survives a crash of Redis` }
    : { level: 'warn', statement: `Redis: ${settings}: ${weaknesses.join('; ')}` };
}
