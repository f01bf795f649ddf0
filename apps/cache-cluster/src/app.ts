import type { Applied, Codec, StateMachine } from '@quorate/raft';
import { commonProblems, type ClusterApp, type TlsMaterial } from '@quorate/service-kit';
import type { CacheConfig } from './config.ts';

/** No commands yet: the logs of this cluster carry terms, leaders and memberships, and nothing else. */
type Nothing = never;

const nothingCodec: Codec<Nothing> = {
  encode: (value: never) => value,
  decode: () => {
    throw new Error('this version of the cache knows no commands');
  },
};

const createMachine = (): StateMachine<Nothing, Nothing, Nothing> => ({
  apply: (command: never): Applied<Nothing, Nothing> => command,
  notice: () => [],
  nextDeadline: () => undefined,
  snapshot: () => [],
  restore: () => ({ write: () => undefined, end: () => undefined }),
});

export const cacheApp = (
  config: CacheConfig,
  tls: TlsMaterial | undefined,
): ClusterApp<Nothing, Nothing, Nothing, StateMachine<Nothing, Nothing, Nothing>> => ({
  name: 'cache-cluster',
  version: '0.1.0',
  description: 'The ground of a coherent cache: replicated logs, health and metrics.',
  config,
  tls,
  problems: commonProblems,
  shards: config.shards,
  createMachine,
  commands: nothingCodec,
  replies: nothingCodec,
  build: () => ({ routes: [], stats: () => ({}) }),
});
