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
      answerBytesMax: field('ANSWER_BYTES_MAX', bytes({ min: 1_024, max: 268_435_456 }), {
        description: 'Payload that one deq or peek answers with; a first message is always given',
        default: 4_194_304,
      }),
      queueMessagesMax: field('QUEUE_MESSAGES_MAX', integer({ min: 1, max: 100_000_000 }), {
        description: 'Messages that one queue holds',
        default: 2_000_000,
      }),
      queueBytesMax: field('QUEUE_BYTES_MAX', bytes({ min: 1 }), {
        description: 'Payload (values, keys, headers) that one queue holds',
        default: 536_870_912,
      }),
      nodeMessagesMax: field('NODE_MESSAGES_MAX', integer({ min: 1, max: 100_000_000 }), {
        description:
          'Messages that a node holds, over all queues; each costs about 0.5 KiB of heap',
        default: 2_000_000,
      }),
      nodeBytesMax: field('NODE_BYTES_MAX', bytes({ min: 1 }), {
        description: 'Payload (values, keys, headers) that a node holds, over all queues',
        default: 536_870_912,
      }),
      queuesMax: field('QUEUES_MAX', integer({ min: 1, max: 1_000_000 }), {
        description: 'Queues that there may be; dead-letter queues are made even beyond it',
        default: 10_000,
      }),
      dedupIdsMax: field('DEDUP_IDS_MAX', integer({ min: 1, max: 100_000_000 }), {
        description: 'dedup_ids that a node remembers',
        default: 1_000_000,
      }),
      groupInFlightMax: field('GROUP_IN_FLIGHT_MAX', integer({ min: 1, max: 10_000_000 }), {
        description: 'Messages that one consumer group has in flight at once',
        default: 120_000,
      }),
      waitersMax: field('WAITERS_MAX', integer({ min: 1, max: 1_000_000 }), {
        description: 'Consumers that wait at once, over all nodes',
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
