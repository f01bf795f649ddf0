import { join } from 'node:path';
import {
  openFileStore,
  openMemoryStore,
  openRedisStore,
  type LogStore,
  type StorageReport,
} from '@quorate/raft';
import type { CommonConfig } from '../config/common.ts';
import type { Logger } from '../logging/logger.ts';
import { redisPrefix, redisServerUrl } from './redis-place.ts';

type StoreConfig = Pick<
  CommonConfig,
  'storage' | 'storageMayForget' | 'dataDir' | 'redis' | 'clusterName' | 'nodeId'
>;

/** The log of one group, kept where `STORAGE` says. */
export async function openStore(
  config: StoreConfig,
  groupId: string,
  logger: Logger,
): Promise<LogStore> {
  const onReport = (report: StorageReport): void => tell(logger, groupId, report);
  switch (config.storage) {
    case 'file':
      return openFileStore({ directory: join(config.dataDir, groupId), onReport });
    case 'memory':
      return openMemoryStore();
    case 'redis':
      return openRedisStore({
        url: redisServerUrl(config.redis),
        prefix: `${redisPrefix(config)}/${groupId}`,
        acceptWeakDurability: config.storageMayForget,
        onReport,
      });
  }
}

function tell(logger: Logger, group: string, report: StorageReport): void {
  const { kind, ...fields } = report;
  const level = kind === 'broken' ? 'error' : kind === 'room-again' ? 'info' : 'warn';
  logger.log(level, `storage: ${kind}`, { group, ...fields });
}
