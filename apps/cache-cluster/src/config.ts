import {
  bytes,
  commonSchema,
  extendConfig,
  field,
  integer,
  oneOf,
  type Config,
} from '@quorate/service-kit';

/** The only reader of the environment. */
export const configSchema = extendConfig(
  commonSchema({ clusterName: 'cache-cluster', port: 8_200 }),
  {
    fields: {
      shards: field('SHARDS', integer({ min: 1, max: 64 }), {
        description: 'Logs over which the keys are spread; fixed once there is data',
        default: 3,
      }),
      memory: field('CACHE_MEMORY', oneOf(['embedded', 'redis']), {
        description:
          'Where values are once they are written: in the log itself, or in Redis. Going back from Redis to embedded forgets what Redis has',
        defaultNote: 'redis where REDIS_URL is set, else embedded',
      }),
      linesMax: field('LINES_MAX', integer({ min: 1, max: 10_000_000 }), {
        description: 'Lines that this node keeps',
        default: 100_000,
      }),
      lineBytesMax: field('LINE_BYTES_MAX', bytes({ min: 1 }), {
        description: 'What the lines of this node hold together',
        default: 134_217_728,
      }),
      valueBytesMax: field('VALUE_BYTES_MAX', bytes({ min: 1, max: 67_108_864 }), {
        description: 'The largest value of one key',
        default: 1_048_576,
      }),
      shardKeysMax: field('SHARD_KEYS_MAX', integer({ min: 1, max: 100_000_000 }), {
        description:
          'Keys that one shard holds; each takes about 300 bytes on every node beside its value',
        default: 5_000_000,
      }),
      shardDirtyBytesMax: field('SHARD_DIRTY_BYTES_MAX', bytes({ min: 1 }), {
        description: 'Values of one shard that memory lacks; more are refused with 429',
        default: 67_108_864,
      }),
      shardMemoryBytesMax: field('SHARD_MEMORY_BYTES_MAX', bytes({ min: 1 }), {
        description: 'Values of one shard in embedded memory; beyond, the least used are dropped',
        default: 268_435_456,
      }),
    },
  },
);

export type CacheConfig = Config<typeof configSchema>;
