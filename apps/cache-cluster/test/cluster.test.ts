import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ProcessCluster, waitUntil } from '@quorate/testkit';

const names = ['a', 'b', 'c'];
const shards = 3;
const main = join(__dirname, '../src/main.ts');
const patience = { timeoutMs: 30_000 };

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The very service, on its embedded memory, as three processes on ports of the system's choosing. */
describe('a cache cluster of three processes', () => {
  const data = mkdtempSync(join(tmpdir(), 'quorate-cache-'));
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
          REQUEST_TIMEOUT_MS: '3000',
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
    const { status, body } = await insist(`${key} to be written`, node, '/cache/put', { key, val });
    expect(status).toBe(200);
    return body['version'] as number;
  };

  const states = async (node: string, key: string): Promise<string> => {
    const lines = await waitUntil(
      `the lines of ${key}`,
      async () => {
        const response = await fetch(`${cluster.url(node)}/cache/lines/${key}`);
        return response.ok ? ((await response.json()) as { nodes: Record<string, string> }) : false;
      },
      patience,
    );
    return names.map((name) => lines.nodes[name]).join('');
  };

  const newKey = (): string => `key-${(fresh += 1)}`;

  /**
   * A node that lags on a busy machine loses its leases for a while, and then keeps no lines: that is
   * right, and shows nothing of the protocol. So what needs leases is looked at when all nodes have them,
   * and anew should one have lost them meanwhile.
   */
  const whenLeased = (what: string, look: () => Promise<boolean>): Promise<boolean> =>
    waitUntil(
      what,
      async () => {
        for (const name of names) {
          const response = await fetch(`${cluster.url(name)}/cache/stats`);
          const { leases_valid: leases } = (await response.json()) as { leases_valid: number };
          if (leases < shards) return undefined;
        }
        return (await look()) || undefined;
      },
      { timeoutMs: 100_000 },
    );

  it('walks a key through its states: M, then E when memory has it, S with S, and I with M', async () => {
    const walk = async (): Promise<boolean> => {
      const key = newKey();
      const seen: unknown[] = [];
      const version = await put('a', key, 1);
      await waitUntil('the flush', async () => !(await states('c', key)).includes('M'), patience);
      seen.push(await states('c', key));
      const read = await get('b', key);
      expect(read).toMatchObject({ status: 200, body: { val: 1, version, source: 'memory' } });
      seen.push(read.body['state'], await states('c', key));
      const written = await post('b', '/cache/put', { key, val: 2 });
      seen.push(written.body['state']);
      const after = await states('a', key);
      seen.push(after === 'IEI' ? 'IMI' : after);
      const again = await get('a', key);
      expect(again).toMatchObject({ body: { val: 2 } });
      seen.push(again.body['state']);
      return seen.join(' ') === 'EII S SSI M IMI S';
    };
    expect(await whenLeased('the walk', walk)).toBe(true);
  });

  it('answers a hit while no word from or to any other node gets through', async () => {
    const key = newKey();
    await put('b', key, 'near');
    await insist('the line', 'a', '/cache/get', { key });
    // The lease is 400 ms. Should this machine sleep for longer just now, it is tried again.
    const hit = await waitUntil(
      'a hit in isolation',
      async () => {
        await insist('a lease', 'a', '/cache/get', { key });
        cluster.isolate('a');
        const answer = await get('a', key);
        cluster.rejoin('a');
        return answer.status === 200 ? answer : undefined;
      },
      patience,
    );
    expect(hit.body).toMatchObject({ val: 'near', source: 'cache', state: 'S' });
  });

  it('answers nothing from its lines once its lease is over and nobody can be asked', async () => {
    const key = newKey();
    await put('a', key, 'old');
    await insist('the line', 'c', '/cache/get', { key });
    cluster.isolate('c');
    const version = await put('a', key, 'new');
    const alone = await get('c', key);
    expect([503, 504]).toContain(alone.status);
    // Who asks for no more than that is told what this node happens to know.
    expect(await post('c', '/cache/get', { key, consistency: 'stale' })).toMatchObject({
      status: 200,
      body: { val: 'old' },
    });
    cluster.rejoin('c');
    const after = await insist('an answer', 'c', '/cache/get', { key });
    expect(after.body).toMatchObject({ val: 'new', version });
  }, 60_000);

  it('a paused sharer waking up: what it is asked in its sleep is never answered stale', async () => {
    const keys = Array.from({ length: 50 }, newKey);
    for (const key of keys) await put('a', key, 'old');
    await whenLeased('lines', async () => {
      for (const key of keys) await insist('a line', 'c', '/cache/get', { key });
      const hits = await Promise.all(keys.map((key) => get('c', key)));
      return hits.some(({ body }) => body['source'] === 'cache');
    });
    cluster.freeze('c');
    await Promise.all(keys.map((key) => put('a', key, 'new')));
    // These lie in the socket of a process that does not run, and are the first thing that it sees.
    const asked = keys.map((key) => get('c', key));
    await delay(200);
    cluster.thaw('c');
    for (const answer of await Promise.all(asked)) {
      if (answer.status === 200) expect(answer.body['val']).toBe('new');
      else expect([503, 504]).toContain(answer.status);
    }
    for (const key of keys) {
      const { body } = await insist('an answer', 'c', '/cache/get', { key });
      expect(body['val']).toBe('new');
    }
  }, 60_000);

  it('one node that pauses 0.9 s every 2 s: writes do not crawl', async () => {
    const writeOften = async (count: number): Promise<number> => {
      const startMs = performance.now();
      for (let i = 0; i < count; i++) await put('a', 'steady', i);
      return (performance.now() - startMs) / count;
    };
    await writeOften(20);
    const usualMs = await writeOften(50);
    let writes = 0;
    const startMs = performance.now();
    let isOver = false as boolean;
    const writing = (async () => {
      while (!isOver) {
        await put('a', 'steady', writes);
        writes += 1;
      }
    })();
    for (let pause = 0; pause < 4; pause++) {
      cluster.freeze('b');
      await delay(900);
      cluster.thaw('b');
      await delay(1_100);
    }
    isOver = true;
    await writing;
    // Were it waited for each time, there would be room for a few while it is awake.
    const room = (performance.now() - startMs) / usualMs;
    expect(writes).toBeGreaterThan(room / 5);
  }, 60_000);

  it('loses nothing when the owner of values that memory does not have yet is killed', async () => {
    const keys = Array.from({ length: 30 }, newKey);
    const versions = await Promise.all(keys.map((key) => put('b', key, `of ${key}`)));
    await cluster.kill('b');
    for (const [i, key] of keys.entries()) {
      const { status, body } = await insist(`${key} after the kill`, 'c', '/cache/get', { key });
      expect({ status, val: body['val'], version: body['version'] }).toEqual({
        status: 200,
        val: `of ${key}`,
        version: versions[i],
      });
    }
    await cluster.startNode('b');
    const again = await insist('an answer', 'b', '/cache/get', { key: keys[0]! });
    expect(again.body).toMatchObject({ val: `of ${keys[0]!}`, version: versions[0] });
  }, 90_000);

  it('writes one version once: of many that want to create a key, one does', async () => {
    const key = newKey();
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        insist('an answer', names[i % 3]!, '/cache/put', {
          key,
          val: i,
          if_version: 0,
          // Asked again after an unknown outcome, it is answered as it would have been.
          request_id: `create-${i}`,
        }),
      ),
    );
    const won = answers.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    const lost = answers.filter(({ status }) => status === 412);
    expect(lost).toHaveLength(11);
    expect(new Set(lost.map(({ body }) => body['current_version']))).toEqual(
      new Set([won[0]!.body['version']]),
    );
  });

  it('speaks plain HTTP: tags, conditions, and types that cannot harm', async () => {
    const url = `${cluster.url('b')}/cache/page`;
    const created = await waitUntil(
      'a page',
      async () => {
        const response = await fetch(url, {
          method: 'PUT',
          headers: { 'content-type': 'text/html', 'if-none-match': '*' },
          body: '<script>1</script>',
        });
        return response.status === 201 ? response : undefined;
      },
      patience,
    );
    const tag = created.headers.get('etag')!;
    const read = await fetch(`${cluster.url('c')}/cache/page`);
    expect(await read.text()).toBe('<script>1</script>');
    expect(Object.fromEntries(read.headers)).toMatchObject({
      etag: tag,
      'content-type': 'text/html',
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
    });
    const same = await fetch(url, { headers: { 'if-none-match': tag } });
    expect(same.status).toBe(304);
    const refused = await fetch(url, { method: 'PUT', headers: { 'if-match': '"1"' }, body: 'x' });
    expect(refused.status).toBe(412);
    const done = await fetch(url, { method: 'DELETE', headers: { 'if-match': tag } });
    expect(await done.json()).toEqual({ deleted: true });
  });
});
