import type { QueueConfig } from '../config.ts';
import type { Shard } from '../shards/shard.ts';
import { limitsOf, roomOf } from './desk.ts';

const config = {
  queueMessagesMax: 50,
  queueBytesMax: 500,
  nodeMessagesMax: 100,
  nodeBytesMax: 1_000,
  dedupIdsMax: 30,
  queuesMax: 10,
  waitersMax: 20,
  clusterSecret: 'secret',
  apiTokens: [{ name: 'n', token: 'secret' }],
} as unknown as QueueConfig;

const shardWith = (held: number): Shard =>
  ({
    state: {
      messages: { size: 4 * held },
      outbox: { size: held },
      size: 100 * held,
      seen: { size: 2 * held },
      queues: { size: held },
      waits: { size: 3 * held },
    },
  }) as unknown as Shard;

it('leaves to a shard what the others of its node do not hold', () => {
  const shards = [shardWith(5), shardWith(1), shardWith(2)];
  expect(roomOf({ config, shards }, shards[0]!)).toEqual({
    messages: 85,
    bytes: 700,
    dedupIds: 24,
    queues: 7,
    waiters: 11,
  });
});

it('puts nothing of the configuration into limits but limits', () => {
  const shards = [shardWith(0)];
  expect(limitsOf({ config, shards }, shards[0]!)).toEqual({
    queueMessagesMax: 50,
    queueBytesMax: 500,
    shardMessagesMax: 100,
    shardBytesMax: 1_000,
    shardDedupIdsMax: 30,
    shardQueuesMax: 10,
  });
});
