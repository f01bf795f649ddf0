import { join } from 'node:path';
import { chaosMain } from '@quorate/testkit';
import { findRedisServer, RedisServer } from '../src/memory/test/redis-server.ts';
import { cacheWorkload } from './cache-workload.ts';
import { RedisWeather } from './redis-weather.ts';

const main = join(import.meta.dirname, '../src/main.ts');

const isGood = await chaosMain(
  {
    name: 'cache-cluster',
    flags: { '--redis': 'with a Redis behind it, which is killed and hangs as well' },
    prepare: async (flags) => {
      if (!flags.has('--redis')) return { cluster: { main }, workload: cacheWorkload() };
      const program = findRedisServer();
      if (program === undefined) throw new Error('there is no redis-server on the PATH');
      // A Redis that forgets what it said it has is another experiment.
      const redis = await RedisServer.start(program, ['--appendfsync', 'always']);
      return {
        // Few lines, so that reads must go to Redis.
        cluster: { main, env: { REDIS_URL: `redis://127.0.0.1:${redis.port}`, LINES_MAX: '8' } },
        workload: cacheWorkload(new RedisWeather(redis)),
        close: () => redis.dispose(),
      };
    },
  },
  process.argv.slice(2),
);
// Not left to an empty event loop: Node 24 was seen to spin for ever in the clean-up that follows one.
process.exit(isGood ? 0 : 1);
