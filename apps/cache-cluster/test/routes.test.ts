import { join } from 'node:path';
import { ProcessCluster, waitUntil } from '@quorate/testkit';

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Item {
  readonly key: string;
  readonly [field: string]: unknown;
}

/** What callers send and get, on a cluster of one node that forgets at its end. */
describe('the routes of the cache', () => {
  let cluster: ProcessCluster;
  let fresh = 0;

  beforeAll(async () => {
    cluster = await ProcessCluster.start({
      names: ['a'],
      readyPath: '/ready',
      startTimeoutMs: 30_000,
      launch: ({ name, port }) => ({
        command: process.execPath,
        args: [join(__dirname, '../src/main.ts')],
        env: {
          PATH: process.env['PATH'] ?? '',
          NODE_ID: name,
          NODE_PORT: String(port),
          STORAGE: 'memory',
          VALUE_BYTES_MAX: '1000',
          SHARD_DIRTY_BYTES_MAX: '20000',
          SHARD_MEMORY_BYTES_MAX: '30000',
          LOG_LEVEL: 'warn',
        },
      }),
    });
    await leased();
  }, 60_000);

  beforeEach(() => leased());

  afterAll(() => cluster.close());

  const post = async (path: string, body: unknown): Promise<Answer> => {
    const response = await fetch(`${cluster.url('a')}/cache/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  };

  const plain = (method: string, key: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${cluster.url('a')}/cache/${key}`, { method, ...init });

  /** Of all three shards: without one this node keeps no lines. */
  const leased = (): Promise<unknown> =>
    waitUntil(
      'the leases',
      async () => {
        const response = await fetch(`${cluster.url('a')}/cache/stats`);
        return ((await response.json()) as { leases_valid?: number }).leases_valid === 3;
      },
      { timeoutMs: 60_000 },
    );

  const newKey = (): string => `key/${(fresh += 1)}`;

  const put = (body: object): Promise<Answer> => post('put', { key: newKey(), ...body });

  const items = (answer: Answer): readonly Item[] => answer.body['results'] as readonly Item[];

  it('writes, reads, deletes', async () => {
    const key = newKey();
    const { status, body } = await post('put', { key, val: { a: [1, null, 'ü'] } });
    expect({ status, ...body }).toEqual({ status: 200, key, version: body['version'], state: 'M' });
    expect(await post('get', { key })).toEqual({
      status: 200,
      body: {
        key,
        val: { a: [1, null, 'ü'] },
        version: body['version'],
        state: expect.stringMatching(/^[MEI]$/) as unknown,
        // A hit, unless the machine slept through the lease just then.
        source: expect.stringMatching(/^(cache|memory)$/) as unknown,
      },
    });
    expect(await post('delete', { key })).toEqual({ status: 200, body: { deleted: true } });
    expect(await post('delete', { key })).toEqual({ status: 200, body: { deleted: false } });
    expect(await post('get', { key })).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });

  it('names what is wrong with a request', async () => {
    expect(await put({ val: 1, ttl: 5 })).toMatchObject({
      status: 400,
      body: { code: 'invalid_request', detail: expect.stringContaining('ttl') as unknown },
    });
    expect(await post('put', { key: 'k' })).toMatchObject({ status: 400 });
    expect(await post('put', { key: '', val: 1 })).toMatchObject({ status: 400 });
    expect(await post('put', { key: 'x'.repeat(1_025), val: 1 })).toMatchObject({ status: 400 });
    expect(await post('get', { key: '\ud800' })).toMatchObject({ status: 400 });
    expect(await put({ val: 1, ttl_ms: 0 })).toMatchObject({ status: 400 });
    expect(await put({ val: 1, if_version: -1 })).toMatchObject({ status: 400 });
    expect(await put({ val: 'x'.repeat(1_000) })).toMatchObject({
      status: 413,
      body: { code: 'payload_too_large' },
    });
    expect(
      await post('mput', {
        entries: [
          { key: 'k', val: 1 },
          { key: 'k', val: 2 },
        ],
      }),
    ).toMatchObject({ status: 400, body: { detail: expect.stringContaining('twice') as unknown } });
  });

  it('writes over a version, or says which there is', async () => {
    const key = newKey();
    expect(await post('put', { key, val: 1, if_version: 7 })).toMatchObject({
      status: 412,
      body: { code: 'version_mismatch', current_version: 0 },
    });
    const created = await post('put', { key, val: 1, if_version: 0 });
    const version = created.body['version'] as number;
    expect(await post('put', { key, val: 2, if_version: 0 })).toMatchObject({
      status: 412,
      body: { current_version: version },
    });
    expect(await post('delete', { key, if_version: version + 1 })).toMatchObject({ status: 412 });
    expect(await post('put', { key, val: 2, if_version: version })).toMatchObject({ status: 200 });
    // A refusal that the line could have told has left the line where it was.
    expect(await post('get', { key })).toMatchObject({ body: { val: 2 } });
  });

  it('repeats an answer, and not the work, for a request_id that it has seen', async () => {
    const key = newKey();
    const first = await post('put', { key, val: 1, if_version: 0, request_id: 'once' });
    expect(first.status).toBe(200);
    expect(await post('put', { key, val: 1, if_version: 0, request_id: 'once' })).toEqual(first);
    expect(await post('put', { key, val: 2, if_version: 0, request_id: 'once' })).toMatchObject({
      status: 409,
      body: { code: 'request_id_reused' },
    });
    expect(await post('delete', { key, request_id: 'once' })).toMatchObject({ status: 409 });
  });

  it('lets a key live as long as it is told, and tells how long that is', async () => {
    const key = newKey();
    await post('put', { key, val: 1, ttl_ms: 400 });
    const { body } = await post('get', { key });
    expect(body['expires_in_ms']).toBeGreaterThan(0);
    expect(body['expires_in_ms']).toBeLessThanOrEqual(400);
    await waitUntil('its end', async () => (await post('get', { key })).status === 404, {
      timeoutMs: 5_000,
    });
    const response = await plain('GET', `lines/${encodeURIComponent(key)}`);
    expect(response.status).toBe(404);
  });

  it('answers a batch item by item, in order', async () => {
    const [one, two, three] = [newKey(), newKey(), newKey()];
    const written = await post('mput', {
      entries: [
        { key: one, val: 1 },
        { key: two, val: 2, if_version: 9 },
        { key: three, val: 3, ttl_ms: 60_000 },
      ],
    });
    expect(items(written)).toMatchObject([
      { key: one, state: 'M' },
      { key: two, status: 412, code: 'version_mismatch', current_version: 0 },
      { key: three, state: 'M' },
    ]);
    expect(items(await post('mget', { keys: [three, two, one] }))).toMatchObject([
      { key: three, val: 3 },
      { key: two, status: 404, code: 'not_found' },
      { key: one, val: 1 },
    ]);
    expect(items(await post('mdelete', { keys: [one, two] }))).toEqual([
      { key: one, deleted: true },
      { key: two, deleted: false },
    ]);
  });

  it('gives plain bytes back as they came, and shows them in JSON as well as it can', async () => {
    const key = newKey();
    const path = encodeURIComponent(key);
    const type = 'application/octet-stream';
    const bytes = new Uint8Array([0, 1, 2, 255]);
    const created = await plain('PUT', path, { headers: { 'content-type': type }, body: bytes });
    expect(created.status).toBe(201);
    const read = await plain('GET', path);
    expect(new Uint8Array(await read.arrayBuffer())).toEqual(bytes);
    expect(read.headers.get('content-type')).toBe(type);
    expect(await post('get', { key })).toMatchObject({
      body: { val: 'AAEC/w==', encoding: 'base64', content_type: type },
    });
    const text = { headers: { 'content-type': 'text/plain' }, body: 'grüße' };
    expect((await plain('PUT', path, text)).status).toBe(200);
    expect(await post('get', { key })).toMatchObject({
      body: { val: 'grüße', content_type: 'text/plain' },
    });
    const json = { headers: { 'content-type': 'application/json; charset=utf-8' } };
    expect((await plain('PUT', path, { ...json, body: '{"a":' })).status).toBe(400);
    expect((await plain('PUT', path, { ...json, body: '{"a":1}' })).status).toBe(200);
    expect((await post('get', { key })).body).not.toHaveProperty('content_type');
  });

  it('judges If-Match and If-None-Match as RFC 9110 has it', async () => {
    const path = encodeURIComponent(newKey());
    const write = (headers: Record<string, string>): Promise<Response> =>
      plain('PUT', path, { headers, body: 'x' });
    expect((await write({ 'if-match': '*' })).status).toBe(412);
    const created = await write({ 'if-none-match': '*' });
    const tag = created.headers.get('etag')!;
    expect([created.status, tag]).toEqual([201, expect.stringMatching(/^"\d+"$/)]);
    expect((await write({ 'if-none-match': '*' })).status).toBe(412);
    expect((await write({ 'if-match': `W/${tag}` })).status).toBe(412);
    expect((await write({ 'if-match': 'no tag' })).status).toBe(400);
    const read = (headers: Record<string, string>): Promise<Response> =>
      plain('GET', path, { headers });
    expect((await read({ 'if-none-match': `"1", W/${tag}` })).status).toBe(304);
    expect((await read({ 'if-none-match': '"1"' })).status).toBe(200);
    expect((await read({ 'if-match': '"1"' })).status).toBe(412);
    const changed = await write({ 'if-match': `"1", ${tag}` });
    expect(changed.status).toBe(200);
    const head = await plain('HEAD', path);
    expect([head.status, head.headers.get('etag')]).toEqual([200, changed.headers.get('etag')]);
    expect(Number(head.headers.get('age'))).toBeGreaterThanOrEqual(0);
    expect((await plain('DELETE', path, { headers: { 'if-match': tag } })).status).toBe(412);
  });

  it('takes a life from Cache-Control or the query, and a request_id from the query', async () => {
    const key = newKey();
    const path = encodeURIComponent(key);
    const headers = { 'cache-control': 'public, max-age=60' };
    await plain('PUT', path, { headers, body: 'x' });
    expect((await post('get', { key })).body['expires_in_ms']).toBeGreaterThan(50_000);
    await plain('PUT', `${path}?ttl_ms=5000&request_id=p1`, { headers, body: 'x' });
    expect((await post('get', { key })).body['expires_in_ms']).toBeLessThanOrEqual(5_000);
    const reused = await plain('PUT', `${path}?request_id=p1`, { body: 'y' });
    expect(reused.status).toBe(409);
    expect((await plain('PUT', `${path}?ttl_ms=0`, { body: 'x' })).status).toBe(400);
    expect((await plain('PUT', `${path}?ttl=5`, { body: 'x' })).status).toBe(400);
  });

  it('takes a verb of the API for no key', async () => {
    const read = await plain('GET', 'mget');
    expect([read.status, read.headers.get('allow')]).toEqual([405, 'POST']);
    const written = await plain('PUT', 'stats', { body: 'x' });
    expect([written.status, written.headers.get('allow')]).toEqual([405, 'GET']);
    await post('put', { key: 'stats', val: 1 });
    expect(await post('get', { key: 'stats' })).toMatchObject({ body: { val: 1 } });
  });

  it('refuses more than the dirty table may hold, until memory has caught up', async () => {
    const val = 'x'.repeat(900);
    const entries = Array.from({ length: 200 }, () => ({ key: newKey(), val }));
    const results = items(await post('mput', { entries }));
    const refused = results.filter((one) => one['code'] === 'overloaded');
    expect(refused.length).toBeGreaterThan(0);
    const again = { key: refused[0]!.key, val };
    await waitUntil('room', async () => (await post('put', again)).status === 200, {
      timeoutMs: 5_000,
    });
  });

  it('lets go of what was used longest ago when its embedded memory is full', async () => {
    const keys = Array.from({ length: 200 }, newKey);
    for (const key of keys) {
      // Writes are refused now and then, where they come faster than room is made.
      await waitUntil(
        'room',
        async () => (await post('put', { key, val: 'x'.repeat(900) })).status === 200,
        { timeoutMs: 10_000 },
      );
    }
    const stats = await waitUntil(
      'memory within its bound',
      async () => {
        const now = (await (await plain('GET', 'stats')).json()) as {
          readonly memory_bytes: number;
          readonly drops: { readonly evicted: number };
        };
        return now.memory_bytes <= 3 * 30_000 ? now : undefined;
      },
      { timeoutMs: 10_000 },
    );
    expect(stats.drops.evicted).toBeGreaterThan(0);
    expect((await post('get', { key: keys[0] })).status).toBe(404);
    expect((await post('get', { key: keys.at(-1) })).status).toBe(200);
  }, 30_000);

  it('counts what it does', async () => {
    const key = newKey();
    const stats = async (): Promise<Record<string, number>> =>
      (await (await plain('GET', 'stats')).json()) as Record<string, number>;
    await post('put', { key, val: 1 });
    const before = await stats();
    await post('get', { key });
    await post('get', { key });
    await post('get', { key: newKey() });
    const after = await stats();
    const [hits, misses] = ['hits', 'misses'].map((name) => after[name]! - before[name]!);
    expect(hits! + misses!).toBe(3);
    expect(misses).toBeGreaterThanOrEqual(1);
    const metrics = await (await fetch(`${cluster.url('a')}/metrics`)).text();
    expect(metrics).toContain(`cache_hits_total ${after['hits']!}`);
    for (const name of [
      'cache_state_transitions_total',
      'cache_bus_transactions_total',
      'cache_invalidations_total',
      'cache_evictions_total',
      'cache_lines',
      'cache_bytes',
      'cache_local_lease_valid',
      'cache_flush_lag_entries',
    ]) {
      expect(metrics).toContain(`\n${name}`);
    }
  });
});
