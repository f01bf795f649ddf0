import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProcessCluster, waitUntil } from '@quorate/testkit';

const names = ['a', 'b', 'c'];
const main = join(__dirname, '../src/main.ts');
const token = 'the-token-of-the-operator';
const other = 'the-token-of-somebody-else';
const secret = 'the-secret-that-all-nodes-share';
const patience = { timeoutMs: 30_000 };

/** Whatever is proposed goes to every node's disk, and stays until a snapshot has passed it. */
describe('what the nodes keep on disk', () => {
  const data = mkdtempSync(join(tmpdir(), 'quorate-locks-'));
  let cluster: ProcessCluster;

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
          API_TOKENS: `operator:${token},somebody:${other}`,
          CLUSTER_SECRET: secret,
        },
      }),
    });
  }, 60_000);

  afterAll(async () => {
    await cluster.close();
    rmSync(data, { recursive: true, force: true });
  });

  const ask = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${cluster.url('b')}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
    const answer = (await response.json()) as Readonly<Record<string, unknown>>;
    return { status: response.status, answer };
  };

  const expectOk = async (method: string, path: string, body?: object) => {
    const { status, answer } = await ask(method, path, body);
    expect([path, Math.floor(status / 100)]).toEqual([path, 2]);
    return answer;
  };

  it('holds the locks and none of the secrets, on any node, after every route was used', async () => {
    const held = await waitUntil(
      'a lock',
      async () => {
        const body = { key: 'find-me', client_id: 'A', mode: 'S', request_id: 'first' };
        const { status, answer } = await ask('POST', '/lock/acquire', body);
        return status === 200 ? answer : undefined;
      },
      patience,
    );
    const hold = { key: 'find-me', client_id: 'A' };
    await expectOk('POST', '/lock/convert', { ...hold, mode: 'X', request_id: 'convert' });
    await expectOk('POST', '/lock/renew', { ...hold, request_id: 'renew' });
    const { fencing_token: fence } = held;
    await expectOk('POST', '/lock/verify', { key: 'find-me', fencing_token: fence });
    const queued = await expectOk('POST', '/lock/acquire', {
      key: 'find-me',
      client_id: 'B',
      queue: true,
    });
    await expectOk('POST', '/lock/ticket', { ticket: queued['ticket'] });
    await expectOk('POST', '/lock/cancel', { ticket: queued['ticket'] });
    await expectOk('POST', '/lock/release', { ...hold, request_id: 'release' });
    for (const path of ['/lock', '/lock/find-me', '/lock/wait-graph', '/health', '/stats']) {
      await expectOk('GET', path);
    }
    await expectOk('DELETE', '/lock/find-me');

    const onEveryDisk = () => names.every((node) => holds(join(data, node), 'find-me'));
    await waitUntil('the lock on every disk', onEveryDisk, patience);
    for (const node of names) {
      for (const word of [token, other, secret]) {
        expect([node, word, holds(join(data, node), word)]).toEqual([node, word, false]);
      }
      // Nor does a node tell what it was not asked for.
      expect(cluster.process(node).output).not.toMatch(new RegExp(`${token}|${other}|${secret}`));
    }
  }, 90_000);
});

function holds(directory: string, word: string): boolean {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .some((entry) => readFileSync(join(entry.parentPath, entry.name)).includes(word));
}
