import { commonSchema, durationMs, extendConfig, field } from '@quorate/service-kit';
import type { Config } from '@quorate/service-kit';

/** The only reader of the environment. */
export const configSchema = extendConfig(
  commonSchema({ clusterName: 'lock-cluster', port: 8_000 }),
  {
    fields: {
      ttlDefaultMs: field('LOCK_TTL_DEFAULT_MS', durationMs({ min: 1, max: 86_400_000 }), {
        description: 'How long a lock is leased when the request names no ttl_ms',
        default: 30_000,
      }),
      ttlMaxMs: field('LOCK_TTL_MAX_MS', durationMs({ min: 1, max: 604_800_000 }), {
        description: 'The longest ttl_ms that a request may ask for',
        default: 3_600_000,
      }),
      waitMaxMs: field('WAIT_MAX_MS', durationMs({ min: 0, max: 600_000 }), {
        description: 'The longest wait_ms that a request may ask for',
        default: 60_000,
      }),
    },
    rules: [
      {
        reads: ['ttlDefaultMs', 'ttlMaxMs'],
        check: ({ ttlDefaultMs, ttlMaxMs }) =>
          ttlDefaultMs <= ttlMaxMs
            ? undefined
            : {
                variable: 'LOCK_TTL_DEFAULT_MS',
                takes: `at most LOCK_TTL_MAX_MS, which is ${ttlMaxMs} ms`,
              },
      },
    ],
  },
);

export type LockConfig = Config<typeof configSchema>;
