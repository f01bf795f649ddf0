import { silentLogger, type RedisTarget } from '@quorate/service-kit';
import { TcpProxy, waitUntil } from '@quorate/testkit';
import { Redis } from 'ioredis';
import type { FlushBatch, FlushWrite, Memory, MemoryItem, ShardMemory } from './memory.ts';
import { redisMemory } from './redis-memory.ts';
import { findRedisServer, RedisServer } from './test/redis-server.ts';

const program = findRedisServer();
const withRedis = program === undefined ? describe.skip : describe;
const patience = { timeoutMs: 15_000 };

const itemOf = (version: number, text: string, deadlineMs = Infinity): MemoryItem => ({
  version,
  writtenAtMs: version * 10,
  deadlineMs,
  value: { type: 'text/plain', bytes: new TextEncoder().encode(text) },
});

const put = (key: string, version: number, text = `${key}@${version}`): FlushWrite => ({
  key,
  version,
  item: itemOf(version, text),
  expiresInMs: undefined,
});

const remove = (key: string, version: number): FlushWrite => ({
  key,
  version,
  item: undefined,
  expiresInMs: undefined,
});

const soon = (): number => performance.now() + 2_000;

const batch = (
  writes: readonly FlushWrite[],
  token = { term: 1, attempt: 0 },
  markExpected = false,
): FlushBatch => ({ token, writes, markExpected, deadlineMs: soon() });

const single = (port: number): RedisTarget => ({
  kind: 'single',
  node: { host: '127.0.0.1', port },
  tls: false,
  username: undefined,
  password: undefined,
  database: 0,
});

async function opened(target: RedisTarget): Promise<Memory> {
  const memory = redisMemory({ target, cluster: 'test', logger: silentLogger() });
  const shard = memory.shard(0, () => 'opening');
  await waitUntil('Redis', () => shard.available, patience);
  return memory;
}

async function textsOf(shard: ShardMemory, keys: readonly string[]): Promise<unknown> {
  const fetched = await shard.fetch(keys, soon());
  if (fetched.kind !== 'fetched') return fetched;
  return fetched.items.map((item) => item && new TextDecoder().decode(item.value.bytes));
}

withRedis('memory in a real Redis', () => {
  let server: RedisServer;
  let memory: Memory;
  let shard: ShardMemory;
  let logs = 0;

  beforeAll(async () => {
    server = await RedisServer.start(program!);
    memory = await opened(single(server.port));
  }, 30_000);

  beforeEach(() => {
    const log = `log-${(logs += 1)}`;
    shard = memory.shard(0, () => log);
  });

  afterAll(async () => {
    await memory.close();
    await server.dispose();
  });

  it('keeps an item with all that is known of it', async () => {
    const bytes = new Uint8Array([0, 255, 10, 13]);
    const item = { ...itemOf(7, '', 5_000), value: { type: 'image/png', bytes } };
    await shard.flush(batch([{ key: 'k ü', version: 7, item, expiresInMs: 60_000 }]));
    expect(await shard.fetch(['none', 'k ü'], soon())).toEqual({
      kind: 'fetched',
      items: [undefined, item],
    });
  });

  it('lets a value live longer than the directory does, and not for ever', async () => {
    const write = { ...put('k', 1), expiresInMs: 1_000 };
    await shard.flush(batch([write, put('lasting', 1)]));
    const redis = new Redis(server.port);
    const lifeMs = await redis.pttl(`quorate:{test:0}:log-${logs}:v:k`);
    const lastingMs = await redis.pttl(`quorate:{test:0}:log-${logs}:v:lasting`);
    redis.disconnect();
    expect(lifeMs).toBeGreaterThan(60_000);
    expect(lastingMs).toBe(-1);
  });

  it('refuses whatever carries an older term, or an older attempt of the term', async () => {
    await shard.flush(batch([put('k', 5)], { term: 2, attempt: 1 }));
    expect(await shard.flush(batch([put('k', 9)], { term: 1, attempt: 7 }))).toEqual({
      kind: 'fenced',
      by: { term: 2, attempt: 1 },
    });
    expect(await shard.flush(batch([put('k', 9)], { term: 2, attempt: 0 }))).toMatchObject({
      kind: 'fenced',
    });
    expect(await textsOf(shard, ['k'])).toEqual(['k@5']);
    expect(await shard.flush(batch([put('k', 9)], { term: 3, attempt: 0 }))).toEqual({
      kind: 'flushed',
      results: ['written'],
    });
  });

  it('never goes back to an older version of a key, and says so', async () => {
    await shard.flush(batch([put('k', 5), put('j', 5)]));
    expect(await shard.flush(batch([put('k', 4), put('j', 6), remove('k', 4)]))).toEqual({
      kind: 'flushed',
      results: ['newer', 'written', 'newer'],
    });
    expect(await textsOf(shard, ['k', 'j'])).toEqual(['k@5', 'j@6']);
  });

  it('deletes, and what was given up on before cannot bring the key back', async () => {
    const givenUp = batch([put('k', 5)]);
    await shard.flush(batch([remove('k', 6)], { term: 1, attempt: 1 }));
    expect(await shard.flush(givenUp)).toMatchObject({ kind: 'fenced' });
    expect(await textsOf(shard, ['k'])).toEqual([undefined]);
  });

  it('notices that its data is gone, and begins anew when it is told that this is known', async () => {
    await shard.flush(batch([put('k', 1)]));
    expect(await shard.readMark(soon())).toBe('present');
    const redis = new Redis(server.port);
    await redis.flushall();
    redis.disconnect();
    expect(await shard.readMark(soon())).toBe('absent');
    expect(await shard.flush(batch([put('k', 2)], undefined, true))).toEqual({
      kind: 'mark-missing',
    });
    expect(await textsOf(shard, ['k'])).toEqual([undefined]);
    expect(await shard.flush(batch([put('k', 2)]))).toMatchObject({ kind: 'flushed' });
  });

  it('keeps shards, and logs of one shard, apart', async () => {
    const other = memory.shard(1, () => `log-${logs}`);
    const later = memory.shard(0, () => 'another life');
    await shard.flush(batch([put('k', 9)], { term: 9, attempt: 0 }));
    await other.flush(batch([put('k', 1)]));
    await later.flush(batch([put('k', 2)]));
    expect(await textsOf(shard, ['k'])).toEqual(['k@9']);
    expect(await textsOf(other, ['k'])).toEqual(['k@1']);
    expect(await textsOf(later, ['k'])).toEqual(['k@2']);
  });

  it('answers many who ask in one turn, each for what it asked', async () => {
    const keys = Array.from({ length: 1_200 }, (_, i) => `k${i}`);
    await shard.flush(batch(keys.map((key, i) => put(key, i + 1))));
    const answers = await Promise.all(keys.map((key) => textsOf(shard, [key, 'none'])));
    expect(answers).toEqual(keys.map((key, i) => [`${key}@${i + 1}`, undefined]));
  });

  it('takes what is not its own for nothing', async () => {
    const redis = new Redis(server.port);
    await redis.set(`quorate:{test:0}:log-${logs}:v:odd`, 'rubbish');
    redis.disconnect();
    expect(await textsOf(shard, ['odd'])).toEqual([undefined]);
  });

  it('is not held up by what is not its own under a name of its own', async () => {
    const redis = new Redis(server.port);
    await redis.set(`quorate:{test:0}:log-${logs}:v:odd`, 'rubbish');
    await redis.hset(`quorate:{test:0}:log-${logs}:v:odder`, 'a', 'b');
    redis.disconnect();
    const writes = [put('odd', 1), put('odder', 2), put('k', 3)];
    expect(await shard.flush(batch(writes))).toMatchObject({ kind: 'flushed' });
    expect(await textsOf(shard, ['odd', 'odder', 'k'])).toEqual(['odd@1', 'odder@2', 'k@3']);
  });

  it('says how durable it is', async () => {
    expect(await memory.durability()).toEqual({
      level: 'warn',
      statement: expect.stringContaining('appendfsync everysec') as unknown,
    });
  });
});

withRedis('memory in a Redis that fails', () => {
  let server: RedisServer;
  let memory: Memory;
  let shard: ShardMemory;

  beforeEach(async () => {
    server = await RedisServer.start(program!, ['--appendfsync', 'always']);
    memory = await opened(single(server.port));
    shard = memory.shard(0, () => 'log');
  }, 30_000);

  afterEach(async () => {
    await memory.close();
    await server.dispose();
  });

  it('is unavailable while it is away, and has everything when it is back', async () => {
    await shard.flush(batch([put('k', 1)]));
    await server.kill();
    await waitUntil('the end to be seen', () => !shard.available, patience);
    expect(await shard.fetch(['k'], soon())).toMatchObject({ kind: 'unavailable' });
    expect(await shard.flush(batch([put('k', 2)]))).toMatchObject({ kind: 'unavailable' });
    expect(await shard.readMark(soon())).toBe('unavailable');
    await server.start();
    await waitUntil('it to be back', () => shard.available, patience);
    expect(await textsOf(shard, ['k'])).toEqual(['k@1']);
    expect(await shard.readMark(soon())).toBe('present');
  }, 30_000);

  it('does not know what became of a write that was not answered; it may land', async () => {
    server.freeze();
    const flushing = shard.flush({ ...batch([put('k', 1)]), deadlineMs: performance.now() + 300 });
    expect(await flushing).toMatchObject({ kind: 'unknown' });
    const fetching = shard.fetch(['k'], performance.now() + 100);
    expect(await fetching).toMatchObject({ kind: 'unavailable' });
    server.thaw();
    await waitUntil(
      'the write to land',
      async () => JSON.stringify(await textsOf(shard, ['k'])) === '["k@1"]',
      patience,
    );
  }, 30_000);

  it('takes nothing while Redis is full, goes on being read, and takes all when there is room', async () => {
    await shard.flush(batch([put('k', 1)]));
    const admin = new Redis(server.port);
    await admin.config('SET', 'maxmemory-policy', 'noeviction');
    await admin.config('SET', 'maxmemory', '1mb');
    // A script that fails may have written a part of its batch; to whom it matters, that is unknown.
    const full = await shard.flush(batch([put('k', 2), put('l', 3)]));
    expect(full.kind).toBe('unknown');
    expect('detail' in full && full.detail).toContain('OOM');
    expect(await textsOf(shard, ['k', 'l'])).toEqual(['k@1', undefined]);
    await admin.config('SET', 'maxmemory', '0');
    admin.disconnect();
    const later = await shard.flush(batch([put('k', 2), put('l', 3)], { term: 1, attempt: 1 }));
    expect(later).toEqual({ kind: 'flushed', results: ['written', 'written'] });
    expect(await textsOf(shard, ['k', 'l'])).toEqual(['k@2', 'l@3']);
  }, 30_000);

  it('lets deletions make room in a Redis that is full', async () => {
    await shard.flush(batch([put('k', 1), put('l', 2, 'x'.repeat(1 << 20))]));
    const admin = new Redis(server.port);
    await admin.config('SET', 'maxmemory-policy', 'noeviction');
    await admin.config('SET', 'maxmemory', String(1 << 20));
    const full = await shard.flush(batch([put('k', 3), remove('l', 4)], { term: 1, attempt: 1 }));
    expect(full.kind).toBe('unknown');
    expect(await textsOf(shard, ['k', 'l'])).toEqual(['k@1', undefined]);
    await admin.config('SET', 'maxmemory', '0');
    admin.disconnect();
    const later = await shard.flush(batch([put('k', 3), remove('l', 4)], { term: 1, attempt: 2 }));
    expect(later).toEqual({ kind: 'flushed', results: ['written', 'written'] });
  }, 30_000);

  it('gives up a connection on which nothing is answered any more', async () => {
    const impatient = redisMemory({
      ...{ target: single(server.port), cluster: 'test', logger: silentLogger() },
      silenceMs: 200,
    });
    const its = impatient.shard(0, () => 'log');
    await waitUntil('Redis', () => its.available, patience);
    server.freeze();
    void its.fetch(['k'], performance.now() + 60_000);
    await waitUntil('it to be given up', () => !its.available, patience);
    expect(await its.fetch(['k'], soon())).toMatchObject({ kind: 'unavailable' });
    server.thaw();
    await waitUntil('it to be back', () => its.available, patience);
    expect(await textsOf(its, ['k'])).toEqual([undefined]);
    await impatient.close();
  }, 30_000);

  it('keeps to the deadlines of those who ask when the way to Redis is slow', async () => {
    const way = await TcpProxy.open(server.port);
    const far = await opened(single(way.port));
    const its = far.shard(0, () => 'log');
    await its.flush(batch([put('k', 1)]));
    way.treat('back', { kind: 'pass', delayMs: 500 });
    expect(await its.fetch(['k'], performance.now() + 50)).toMatchObject({ kind: 'unavailable' });
    const given = { ...batch([put('k', 2)]), deadlineMs: performance.now() + 50 };
    expect(await its.flush(given)).toMatchObject({ kind: 'unknown' });
    // Whoever has the time is answered; a late answer goes to nobody else.
    const fetched = await its.fetch(['k'], performance.now() + 10_000);
    expect(fetched).toMatchObject({ kind: 'fetched', items: [{ version: 2 }] });
    await far.close();
    await way.close();
  }, 30_000);

  it('begins when Redis comes later than the service', async () => {
    await server.kill();
    const early = redisMemory({
      target: single(server.port),
      cluster: 'test',
      logger: silentLogger(),
    });
    const its = early.shard(0, () => 'log');
    expect(await its.fetch(['k'], soon())).toMatchObject({ kind: 'unavailable' });
    await server.start();
    await waitUntil('Redis', () => its.available, patience);
    expect(await its.flush(batch([put('k', 1)]))).toMatchObject({ kind: 'flushed' });
    expect(await early.durability()).toMatchObject({ level: 'info' });
    await early.close();
  }, 30_000);
});

withRedis('memory in a Redis Cluster', () => {
  it('writes a batch of a shard with one script, wherever its slot is', async () => {
    const server = await RedisServer.start(program!, [
      '--cluster-enabled',
      'yes',
      '--cluster-announce-ip',
      '127.0.0.1',
    ]);
    const admin = new Redis(server.port);
    await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await waitUntil(
      'the cluster',
      async () => String(await admin.call('CLUSTER', 'INFO')).includes('cluster_state:ok'),
      patience,
    );
    admin.disconnect();
    const node = { host: '127.0.0.1', port: server.port };
    const memory = await opened({ ...single(0), kind: 'cluster', nodes: [node] });
    for (const number of [0, 1, 2]) {
      const shard = memory.shard(number, () => 'log');
      expect(await shard.flush(batch([put('a', 1), put('b', 2)]))).toMatchObject({
        kind: 'flushed',
      });
      expect(await textsOf(shard, ['a', 'b'])).toEqual(['a@1', 'b@2']);
    }
    await memory.close();
    await server.dispose();
  }, 40_000);
});
