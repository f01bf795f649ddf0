import type { RedisTarget } from '@quorate/service-kit';
import { Cluster, Redis } from 'ioredis';

const reconnectDelayMaxMs = 1_000;
/** A server that hangs keeps its connections, and every command sent to it would be kept for it. */
const silenceMsMax = 10_000;

/**
 * Never queues and never repeats by itself: what was sent and not answered is for the caller to judge,
 * who knows that a write may still arrive.
 */
const cautious = {
  protocol: 2,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  retryStrategy: (times: number) => Math.min(times * 50, reconnectDelayMaxMs),
} as const;

/** One server, the master that Sentinels name, or a Cluster; each comes back by itself. */
export function openRedis(target: RedisTarget, silenceMs = silenceMsMax): Redis | Cluster {
  const { username, password, database: db } = target;
  const access = {
    ...cautious,
    socketTimeout: silenceMs,
    db,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(target.tls ? { tls: {} } : {}),
  };
  switch (target.kind) {
    case 'single':
      return new Redis({ ...access, host: target.node.host, port: target.node.port });
    case 'sentinel':
      return new Redis({
        ...access,
        sentinels: target.sentinels.map(({ host, port }) => ({ host, port })),
        name: target.master,
        sentinelRetryStrategy: cautious.retryStrategy,
      });
    case 'cluster':
      return new Cluster(
        target.nodes.map(({ host, port }) => ({ host, port })),
        {
          enableOfflineQueue: false,
          clusterRetryStrategy: cautious.retryStrategy,
          redisOptions: access,
        },
      );
  }
}
