import type { ClusterApp, TlsMaterial } from '@quorate/service-kit';
import type { LockConfig } from './config.ts';
import { LockService } from './lock-service.ts';
import { LockMetrics } from './metrics.ts';
import { lockProblems } from './problems.ts';
import { acquireRoutes } from './routes/acquire.ts';
import { holdRoutes } from './routes/hold.ts';
import { lookRoutes } from './routes/look.ts';
import {
  commandCodec,
  LockTable,
  replyCodec,
  type LockCommand,
  type LockEvent,
  type LockReply,
} from './state-machine/index.ts';

/** Deadlocks cross keys, so all locks live in one log. */
const shards = 1;

export const lockApp = (
  config: LockConfig,
  tls: TlsMaterial | undefined,
): ClusterApp<LockCommand, LockReply, LockEvent, LockTable> => ({
  name: 'lock-cluster',
  version: '0.1.0',
  description: 'Leases with fencing tokens, six modes, fair waiting, deadlocks found and named.',
  config,
  tls,
  problems: lockProblems,
  shards,
  createMachine: () => new LockTable(),
  commands: commandCodec,
  replies: replyCodec,
  build({ shards: [shard], life, registry }) {
    const { group, machine } = shard!;
    const locks = new LockService(group, machine, life);
    const metrics = new LockMetrics(registry);
    metrics.watch(registry, locks);
    const desk = { locks, config, metrics };
    return {
      routes: [...acquireRoutes(desk), ...holdRoutes(desk), ...lookRoutes(desk)],
      stats() {
        const { reservedKeys, ...counts } = machine.counts();
        return { ...counts, reserved_keys: reservedKeys };
      },
    };
  },
});
