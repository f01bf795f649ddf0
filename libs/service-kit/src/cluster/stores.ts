import { join } from 'node:path';
import { openFileStore, openMemoryStore, type LogStore, type StorageReport } from '@quorate/raft';
import type { CommonConfig } from '../config/common.ts';
import { StartError } from '../lifecycle/start-error.ts';
import type { Logger } from '../logging/logger.ts';

/** The log of one group, kept where `STORAGE` says. */
export async function openStore(
  config: Pick<CommonConfig, 'storage' | 'dataDir'>,
  groupId: string,
  logger: Logger,
): Promise<LogStore> {
  switch (config.storage) {
    case 'file':
      return openFileStore({
        directory: join(config.dataDir, groupId),
        onReport: (report) => tell(logger, groupId, report),
      });
    case 'memory':
      return openMemoryStore();
    case 'redis':
      throw new StartError('STORAGE = redis is not available in this version: use file or memory');
  }
}

function tell(logger: Logger, group: string, report: StorageReport): void {
  const { kind, ...fields } = report;
  const level = kind === 'broken' ? 'error' : kind === 'room-again' ? 'info' : 'warn';
  logger.log(level, `storage: ${kind}`, { group, ...fields });
}
