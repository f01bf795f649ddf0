import { commonSchema, extendConfig, field, integer } from '@quorate/service-kit';
import type { Config } from '@quorate/service-kit';

/** The only reader of the environment. */
export const configSchema = extendConfig(
  commonSchema({ clusterName: 'cache-cluster', port: 8_200 }),
  {
    fields: {
      shards: field('SHARDS', integer({ min: 1, max: 64 }), {
        description: 'Logs over which the keys are spread; fixed once there is data',
        default: 3,
      }),
    },
  },
);

export type CacheConfig = Config<typeof configSchema>;
