import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProcessCluster, waitUntil } from '@quorate/testkit';
import { Redis } from 'ioredis';
import { decodeItem } from '../src/memory/item-codec.ts';
import { findRedisServer, RedisServer } from '../src/memory/test/redis-server.ts';

const names = ['a', 'b', 'c'];
const program = findRedisServer();
const withRedis = program === undefined ? describe.skip : describe;
const patience = { timeoutMs: 30_000 };

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

withRedis('a cache cluster with a Redis behind it', () => {
  const data = mkdtempSync(join(tmpdir(), 'quorate-cache-redis-'));
  let redis: RedisServer;
  let cluster: ProcessCluster;
  let fresh = 0;

  beforeAll(async () => {
    redis = await RedisServer.start(program!);
    cluster = await ProcessCluster.start({
      names,
      readyPath: '/ready',
      startTimeoutMs: 30_000,
      launch: ({ name, port, peers }) => ({
        command: process.execPath,
        args: [join(__dirname, '../src/main.ts')],
        env: {
          PATH: process.env['PATH'] ?? '',
          NODE_ID: name,
          NODE_PORT: String(port),
          PEER_NODES: peers.map((peer) => `${peer.name}@127.0.0.1:${peer.port}`).join(','),
          DATA_DIR: join(data, name),
          REDIS_URL: `redis://127.0.0.1:${redis.port}`,
          // Few lines, so that reads must go to Redis.
          LINES_MAX: '20',
          REQUEST_TIMEOUT_MS: '3000',
          LOG_LEVEL: 'warn',
        },
      }),
    });
  }, 60_000);

  afterAll(async () => {
    await cluster.close();
    await redis.dispose();
    rmSync(data, { recursive: true, force: true });
  });

  const post = async (node: string, path: string, body: object): Promise<Answer> => {
    const response = await fetch(`${cluster.url(node)}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(20_000),
    });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  };

  const get = (node: string, key: string): Promise<Answer> => post(node, '/cache/get', { key });

  /** Until it is done: in between, nodes say honestly that they cannot. */
  const insist = (what: string, node: string, path: string, body: object): Promise<Answer> =>
    waitUntil(
      what,
      async () => {
        const answer = await post(node, path, body);
        return answer.status < 500 && answer.status !== 429 ? answer : undefined;
      },
      patience,
    );

  const put = async (node: string, key: string, val: unknown): Promise<number> => {
    const { body } = await insist(`${key} to be written`, node, '/cache/put', { key, val });
    return body['version'] as number;
  };

  const newKeys = (count: number): string[] =>
    Array.from({ length: count }, () => `key-${(fresh += 1)}`);

  const stats = async (node: string): Promise<Record<string, number>> =>
    (await (await fetch(`${cluster.url(node)}/cache/stats`)).json()) as Record<string, number>;

  const flushed = (): Promise<unknown> =>
    waitUntil(
      'memory to have everything',
      async () => {
        const all = await Promise.all(names.map(stats));
        return all.every((one) => one['dirty_keys'] === 0);
      },
      patience,
    );

  /** What Redis has, key by key. */
  const kept = async (): Promise<Map<string, string>> => {
    const client = new Redis(redis.port);
    const found = new Map<string, string>();
    for (const name of await client.keys('quorate:*:v:*')) {
      const item = decodeItem((await client.getBuffer(name))!);
      found.set(name.slice(name.indexOf(':v:') + 3), new TextDecoder().decode(item!.value.bytes));
    }
    client.disconnect();
    return found;
  };

  /** A node that lags on a busy machine has no leases for a while; its lines are there when it has. */
  const hit = (node: string, key: string): Promise<Answer> =>
    waitUntil(
      'a hit, once the node has a lease',
      async () => {
        const answer = await get(node, key);
        return answer.body['source'] === 'cache' ? answer : undefined;
      },
      { timeoutMs: 100_000 },
    );

  it('reads from Redis what no line and no dirty table has', async () => {
    const keys = newKeys(60);
    for (const key of keys) await put('a', key, `of ${key}`);
    await flushed();
    const answers = await Promise.all(
      keys.map((key) => insist('an answer', 'b', '/cache/get', { key })),
    );
    expect(answers.map(({ body }) => body['val'])).toEqual(keys.map((key) => `of ${key}`));
    expect(new Set(answers.map(({ body }) => body['source']))).toEqual(new Set(['redis']));
    await hit('b', keys.at(-1)!);
  });

  it('while Redis is away: hits, writes and what was just written; nothing is lost after it', async () => {
    const [line, clean, dirty] = newKeys(3) as [string, string, string];
    await put('a', clean, 'clean');
    await put('a', line, 'line');
    await flushed();
    await hit('b', line);
    await redis.kill();
    expect(await hit('b', line)).toMatchObject({ status: 200, body: { val: 'line' } });
    await put('c', dirty, 'dirty');
    expect(await insist('an answer', 'b', '/cache/get', { key: dirty })).toMatchObject({
      status: 200,
      body: { val: 'dirty', source: 'memory' },
    });
    expect(await get('c', clean)).toMatchObject({
      status: 503,
      body: { code: 'memory_unavailable' },
    });
    await redis.start();
    await flushed();
    const found = await kept();
    expect([found.get(clean), found.get(line), found.get(dirty)]).toEqual([
      '"clean"',
      '"line"',
      '"dirty"',
    ]);
    expect(await insist('an answer', 'c', '/cache/get', { key: clean })).toMatchObject({
      body: { val: 'clean', source: 'redis' },
    });
  }, 60_000);

  it('has in Redis what was acknowledged last, whatever was killed or hung meanwhile', async () => {
    const keys = newKeys(10);
    const last = new Map<string, string>();
    let isOver = false as boolean;
    const writing = keys.map(async (key, i) => {
      for (let n = 0; !isOver; n++) {
        await put(n % 2 === 0 ? 'a' : 'c', key, `${key} ${n}`);
        last.set(key, `"${key} ${n}"`);
        if (n % 7 === i % 7) {
          await insist('a delete', 'a', '/cache/delete', { key });
          last.delete(key);
        }
      }
    });
    await waitUntil('some writes', async () => (await stats('a'))['keys']! >= 5, patience);
    await cluster.kill('b');
    redis.freeze();
    await waitUntil('some dirt', async () => (await stats('a'))['dirty_keys']! >= 5, patience);
    redis.thaw();
    await cluster.startNode('b');
    cluster.freeze('b');
    await waitUntil(
      'writes without b',
      async () => (await stats('a'))['bus_transactions'],
      patience,
    );
    cluster.thaw('b');
    isOver = true;
    await Promise.all(writing);
    await flushed();
    const found = await kept();
    expect(new Map(keys.map((key) => [key, found.get(key)]))).toEqual(
      new Map(keys.map((key) => [key, last.get(key)])),
    );
    for (const key of keys) {
      const { status, body } = await insist('an answer', 'b', '/cache/get', { key });
      const wanted = last.get(key);
      expect({ key, status, val: body['val'] }).toEqual({
        key,
        status: wanted === undefined ? 404 : 200,
        val: wanted === undefined ? undefined : (JSON.parse(wanted) as string),
      });
    }
  }, 120_000);

  it('notices that Redis has lost its data: says 404, not something made up, and goes on', async () => {
    const keys = newKeys(30);
    for (const key of keys) await put('a', key, 'gone');
    await flushed();
    const client = new Redis(redis.port);
    await client.flushall();
    client.disconnect();
    await waitUntil(
      'the alarm',
      () => names.some((name) => cluster.process(name).output.includes('has lost the data')),
      patience,
    );
    const { status } = await insist('an answer', 'b', '/cache/get', { key: keys[0]! });
    expect(status).toBe(404);
    await put('c', keys[0]!, 'again');
    await flushed();
    expect((await kept()).get(keys[0]!)).toBe('"again"');
  }, 60_000);
});
