import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProcessCluster, waitUntil } from '@quorate/testkit';

const names = ['a', 'b', 'c'];
const main = join(__dirname, '../src/main.ts');
const patience = { timeoutMs: 20_000 };

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The very service, as three processes on ports of the system's choosing. */
describe('a lock cluster of three processes', () => {
  const data = mkdtempSync(join(tmpdir(), 'quorate-locks-'));
  let cluster: ProcessCluster;
  let fresh = 0;

  beforeAll(async () => {
    cluster = await ProcessCluster.start({
      names,
      readyPath: '/ready',
      startTimeoutMs: 30_000,
      launch: ({ name, port, peers }) => ({
        command: process.execPath,
        args: [main],
        env: {
          PATH: process.env['PATH'] ?? '',
          NODE_ID: name,
          NODE_PORT: String(port),
          PEER_NODES: peers.map((peer) => `${peer.name}@127.0.0.1:${peer.port}`).join(','),
          DATA_DIR: join(data, name),
          LOG_LEVEL: 'warn',
        },
      }),
    });
  }, 60_000);

  afterAll(async () => {
    await cluster.close();
    rmSync(data, { recursive: true, force: true });
  });

  const post = async (node: string, path: string, body: object): Promise<Answer> => {
    const response = await fetch(`${cluster.url(node)}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  };

  const leader = (): Promise<string> =>
    waitUntil(
      'a leader',
      async () => {
        for (const name of names) {
          const response = await fetch(`${cluster.url(name)}/health`, {
            signal: AbortSignal.timeout(1_000),
          }).catch(() => undefined);
          const health = (await response?.json()) as { readonly role?: number } | undefined;
          if (health?.role === 2) return name;
        }
        return undefined;
      },
      patience,
    );

  /** Until it is granted: in between, nodes say honestly that they cannot. */
  const acquire = (node: string, key: string, client: string): Promise<Answer> =>
    waitUntil(
      `${client} to get ${key}`,
      async () => {
        const answer = await post(node, '/lock/acquire', { key, client_id: client });
        return answer.status === 200 ? answer : undefined;
      },
      patience,
    );

  const newKey = (): string => `key-${(fresh += 1)}`;

  it('answers who waits, through another node, when the holder releases through a third', async () => {
    const key = newKey();
    const held = await acquire('a', key, 'A');
    const waiting = post('b', '/lock/acquire', { key, client_id: 'B', wait_ms: 20_000 });
    await waitUntil(
      'B to stand in line',
      async () => {
        const lock = await (await fetch(`${cluster.url('c')}/lock/${key}`)).json();
        return (lock as { waiters: unknown[] }).waiters.length === 1;
      },
      patience,
    );
    expect(await post('c', '/lock/release', { key, client_id: 'A' })).toMatchObject({
      status: 200,
      body: { released: true },
    });
    const granted = await waiting;
    expect(granted).toMatchObject({ status: 200, body: { granted: true, client_id: 'B' } });
    expect(granted.body['fencing_token']).toBeGreaterThan(held.body['fencing_token'] as number);
  });

  it('keeps every lock through the death of its leader, and grants greater tokens after it', async () => {
    const key = newKey();
    const held = await acquire('a', key, 'A');
    const dead = await leader();
    const [other] = names.filter((name) => name !== dead);
    await cluster.kill(dead);
    const after = await acquire(other!, newKey(), 'B');
    expect(after.body['fencing_token']).toBeGreaterThan(held.body['fencing_token'] as number);
    expect(await post(other!, '/lock/acquire', { key, client_id: 'B' })).toMatchObject({
      status: 409,
      body: { code: 'lock_held', holders: [{ client_id: 'A' }] },
    });
    await cluster.startNode(dead);
    expect(await post(dead, '/lock/acquire', { key, client_id: 'C' })).toMatchObject({
      status: 409,
      body: { code: 'lock_held' },
    });
  }, 60_000);

  it('wakes who waits even when the leader dies while they wait', async () => {
    const key = newKey();
    await acquire('a', key, 'A');
    const dead = await leader();
    const [first, second] = names.filter((name) => name !== dead);
    const waiting = post(first!, '/lock/acquire', { key, client_id: 'B', wait_ms: 25_000 });
    await waitUntil(
      'B to stand in line',
      async () => {
        const lock = await (await fetch(`${cluster.url(second!)}/lock/${key}`)).json();
        return (lock as { waiters?: unknown[] }).waiters?.length === 1;
      },
      patience,
    );
    await cluster.kill(dead);
    await waitUntil(
      'A to release',
      async () => {
        const answer = await post(second!, '/lock/release', { key, client_id: 'A' });
        return answer.status === 200;
      },
      patience,
    );
    expect(await waiting).toMatchObject({ status: 200, body: { client_id: 'B', granted: true } });
    await cluster.startNode(dead);
  }, 60_000);

  it('names the circle of a deadlock to the one who would close it', async () => {
    const [one, two] = [newKey(), newKey()];
    await acquire('a', one, 'A');
    await acquire('b', two, 'B');
    // It asks again, should its node not know the leader just then.
    const waiting = waitUntil(
      'A to get the other key',
      async () => {
        const body = { key: two, client_id: 'A', wait_ms: 20_000 };
        const answer = await post('a', '/lock/acquire', body);
        return answer.status === 200 ? answer : undefined;
      },
      { timeoutMs: 60_000 },
    );
    const refused = await waitUntil(
      'the deadlock to be found',
      async () => {
        const answer = await post('b', '/lock/acquire', { key: one, client_id: 'B', wait_ms: 50 });
        return answer.body['code'] === 'deadlock' ? answer : undefined;
      },
      patience,
    );
    expect(refused).toMatchObject({
      status: 409,
      body: {
        cycle: [
          { client_id: 'B', key: one, waits_for: 'A' },
          { client_id: 'A', key: two, waits_for: 'B' },
        ],
      },
    });
    await post('c', '/lock/release', { key: two, client_id: 'B' });
    expect((await waiting).status).toBe(200);
  });

  it('makes nothing up while there is no majority', async () => {
    const survivor = await leader();
    const others = names.filter((name) => name !== survivor);
    await Promise.all(others.map((name) => cluster.kill(name)));
    const answer = await post(survivor, '/lock/acquire', { key: newKey(), client_id: 'A' });
    expect([503, 504]).toContain(answer.status);
    expect(['no_leader', 'outcome_unknown']).toContain(answer.body['code']);
    await Promise.all(others.map((name) => cluster.startNode(name)));
    await acquire(survivor, newKey(), 'A');
  }, 90_000);
});
