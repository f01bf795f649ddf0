import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { HeldPort, NodeProcess, ProcessCluster, waitUntil } from '@quorate/testkit';

const names = ['a', 'b', 'c'];
const main = join(__dirname, '../src/main.ts');
const patience = { timeoutMs: 30_000 };

/** `TEST_REDIS_SERVER`, or the `redis-server` on the PATH, or none. */
function findRedisServer(): string | undefined {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((at) => join(at, 'redis-server'));
  return [process.env['TEST_REDIS_SERVER'] ?? '', ...onPath].find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const program = findRedisServer();
const describeWithRedis = program === undefined ? describe.skip : describe;

describeWithRedis('a lock cluster that keeps its logs in Redis', () => {
  const data = mkdtempSync(join(tmpdir(), 'quorate-redis-locks-'));
  let cluster: ProcessCluster;
  let redis: NodeProcess;
  let redisPort: number;
  let fresh = 0;

  const startRedis = (): Promise<NodeProcess> => {
    const place = ['--port', String(redisPort), '--bind', '127.0.0.1', '--dir', data, '--save', ''];
    const durable = ['--appendonly', 'yes', '--appendfsync', 'always'];
    return NodeProcess.start({
      name: 'redis',
      command: program!,
      args: [...place, ...durable],
      env: {},
    });
  };

  const environmentOf = (name: string, port: number, peers: string) => ({
    PATH: process.env['PATH'] ?? '',
    NODE_ID: name,
    NODE_PORT: String(port),
    PEER_NODES: peers,
    STORAGE: 'redis',
    REDIS_URL: `redis://127.0.0.1:${redisPort}`,
    LOG_LEVEL: 'warn',
  });

  beforeAll(async () => {
    const held = await HeldPort.take();
    redisPort = held.port;
    await held.release();
    redis = await startRedis();
    cluster = await ProcessCluster.start({
      names,
      readyPath: '/ready',
      startTimeoutMs: 45_000,
      launch: ({ name, port, peers }) => {
        const members = peers.map((peer) => `${peer.name}@127.0.0.1:${peer.port}`).join(',');
        return {
          command: process.execPath,
          args: [main],
          env: environmentOf(name, port, members),
        };
      },
    });
  }, 90_000);

  afterAll(async () => {
    await cluster.close();
    await redis.kill();
    rmSync(data, { recursive: true, force: true });
  }, 30_000);

  const post = async (node: string, body: object) => {
    const response = await fetch(`${cluster.url(node)}/lock/acquire`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  /** Until it is granted: in between, nodes say honestly that they cannot. */
  const acquire = (node: string, key: string, client: string) =>
    waitUntil(
      `${client} to get ${key}`,
      async () => {
        const answer = await post(node, { key, client_id: client });
        return answer.status === 200 ? answer : undefined;
      },
      patience,
    );

  const newKey = (): string => `key-${(fresh += 1)}`;

  it('remembers its locks when all its nodes are killed and start again', async () => {
    const key = newKey();
    await acquire('a', key, 'A');
    for (const name of names) await cluster.kill(name);
    await Promise.all(names.map((name) => cluster.startNode(name)));
    const refused = await waitUntil(
      'an answer about the lock',
      async () => {
        const answer = await post('b', { key, client_id: 'B' });
        return answer.status === 503 ? undefined : answer;
      },
      patience,
    );
    expect(refused).toMatchObject({ status: 409, body: { holders: [{ client_id: 'A' }] } });
  }, 120_000);

  it('goes on with all that it acknowledged when its Redis is killed and starts again', async () => {
    const key = newKey();
    const before = await acquire('a', key, 'A');
    await redis.kill();
    redis = await startRedis();
    const after = await acquire('c', newKey(), 'B');
    expect(after.body['fencing_token']).toBeGreaterThan(before.body['fencing_token'] as number);
    expect(await post('b', { key, client_id: 'B' })).toMatchObject({
      status: 409,
      body: { code: 'lock_held', holders: [{ client_id: 'A' }] },
    });
  }, 90_000);

  it('does not start on a Redis that may forget, and says how to accept that', async () => {
    const settings = new Socket();
    settings.connect(redisPort, '127.0.0.1');
    await once(settings, 'connect');
    settings.write('CONFIG SET appendfsync everysec\r\n');
    await once(settings, 'data');
    settings.destroy();
    const held = await HeldPort.take();
    await held.release();
    const node = await NodeProcess.start({
      name: 'alone',
      command: process.execPath,
      args: [main],
      env: { ...environmentOf('alone', held.port, ''), CLUSTER_NAME: 'another' },
    });
    expect(await node.exited).toEqual({ signal: null, code: 1 });
    expect(node.output).toContain('appendfsync is everysec');
    expect(node.output).toContain('STORAGE_MAY_FORGET=true');
  }, 60_000);
});
