import {
  bytes,
  commonSchema,
  durationMs,
  extendConfig,
  field,
  integer,
} from '@quorate/service-kit';
import type { Config } from '@quorate/service-kit';

/** The only reader of the environment. */
export const configSchema = extendConfig(
  commonSchema({ clusterName: 'queue-cluster', port: 8_100 }),
  {
    fields: {
      shards: field('SHARDS', integer({ min: 1, max: 64 }), {
        description: 'Logs over which the queues are spread; fixed once there is data',
        default: 3,
      }),
      messageBytesMax: field('MESSAGE_BYTES_MAX', bytes({ min: 1, max: 67_108_864 }), {
        description: 'The largest value of one message',
        default: 1_048_576,
      }),
      queueMessagesMax: field('QUEUE_MESSAGES_MAX', integer({ min: 1, max: 100_000_000 }), {
        description: 'Messages that one queue holds',
        default: 5_000_000,
      }),
      queueBytesMax: field('QUEUE_BYTES_MAX', bytes({ min: 1 }), {
        description: 'Payload that one queue holds',
        default: 1_073_741_824,
      }),
      shardMessagesMax: field('SHARD_MESSAGES_MAX', integer({ min: 1, max: 100_000_000 }), {
        description: 'Messages that one shard holds, over all its queues',
        default: 5_000_000,
      }),
      shardBytesMax: field('SHARD_BYTES_MAX', bytes({ min: 1 }), {
        description: 'Payload that one shard holds, over all its queues',
        default: 1_073_741_824,
      }),
      dedupIdsMax: field('DEDUP_IDS_MAX', integer({ min: 1, max: 100_000_000 }), {
        description: 'dedup_ids that one shard remembers',
        default: 1_000_000,
      }),
      groupInFlightMax: field('GROUP_IN_FLIGHT_MAX', integer({ min: 1, max: 10_000_000 }), {
        description: 'Messages that one consumer group has in flight at once',
        default: 120_000,
      }),
      shardWaitersMax: field('SHARD_WAITERS_MAX', integer({ min: 1, max: 1_000_000 }), {
        description: 'Consumers that wait at one shard at once',
        default: 50_000,
      }),
      waitMaxMs: field('WAIT_MAX_MS', durationMs({ min: 0, max: 600_000 }), {
        description: 'The longest wait_ms that a deq may ask for',
        default: 60_000,
      }),
    },
  },
);

export type QueueConfig = Config<typeof configSchema>;
