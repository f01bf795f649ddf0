import { formatHostPort } from '../config/addresses.ts';
import type { CommonConfig } from '../config/common.ts';
import type { RedisTarget } from '../config/redis-target.ts';
import { StartError } from '../lifecycle/start-error.ts';

/**
 * One server. A replica that takes over may lack what its master acknowledged, and a log that forgets
 * a vote can elect two leaders: so no Sentinel and no Cluster, for the log at least.
 */
export function redisServerUrl(target: RedisTarget): string {
  if (target.kind !== 'single') {
    throw new StartError(
      `STORAGE = redis keeps the log on one server, and REDIS_URL names a ${target.kind}: a replica ` +
        'that takes over there may have forgotten what was acknowledged',
    );
  }
  const { node, tls, username, password, database } = target;
  const user = encodeURIComponent(username ?? '');
  const access = password === undefined ? user : `${user}:${encodeURIComponent(password)}`;
  const at = `${access === '' ? '' : `${access}@`}${formatHostPort(node)}`;
  return `${tls ? 'rediss' : 'redis'}://${at}/${database}`;
}

/** What a node keeps there; several clusters may share a server. */
export const redisPrefix = ({
  clusterName,
  nodeId,
}: Pick<CommonConfig, 'clusterName' | 'nodeId'>): string => `quorate/${clusterName}/${nodeId}`;
