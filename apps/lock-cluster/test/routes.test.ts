import { readConfig, startClusterNode } from '@quorate/service-kit';
import supertest from 'supertest';
import { lockApp } from '../src/app.ts';
import { configSchema } from '../src/config.ts';

type Node = Awaited<ReturnType<typeof startClusterNode>>;

/** What callers send and get, on one node that forgets at its end. */
describe('the routes of the locks', () => {
  let node: Node;
  let fresh = 0;

  beforeAll(async () => {
    const env = {
      NODE_ID: 'n',
      STORAGE: 'memory',
      LOG_LEVEL: 'error',
      WAIT_MAX_MS: '1000',
      LOCK_TTL_MAX_MS: '60000',
    };
    const config = readConfig(env, configSchema);
    if (!config.ok) throw new Error(JSON.stringify(config.mistakes));
    node = await startClusterNode(lockApp({ ...config.config, nodePort: 0 }, undefined));
    // Held until the node leads.
    await post('acquire', { key: 'first', client_id: 'A', request_id: 'first' }).expect(200);
  }, 30_000);

  afterAll(() => node.stop());

  const api = () => supertest(node.server.url);
  const post = (verb: string, body: object) => api().post(`/lock/${verb}`).send(body);
  const newKey = (): string => `key-${(fresh += 1)}`;
  const held = async (client = 'A'): Promise<{ key: string; fence: number }> => {
    const key = newKey();
    const { body } = await post('acquire', { key, client_id: client }).expect(200);
    return { key, fence: (body as { fencing_token: number }).fencing_token };
  };
  const refuses = async (verb: string, body: object, field: string): Promise<void> => {
    const answer = await post(verb, body).expect(400);
    expect(answer.type).toBe('application/problem+json');
    expect(answer.body).toMatchObject({ code: 'invalid_request', status: 400 });
    expect((answer.body as { detail: string }).detail).toContain(field);
  };
  const a = { client_id: 'A' };
  const k = { key: 'k' };

  it.each<[string, string, object, string]>([
    ['acquire', 'neither key nor keys', a, 'key'],
    ['acquire', 'both key and keys', { ...a, ...k, keys: [k] }, 'key'],
    ['acquire', 'a mode beside keys', { ...a, keys: [k], mode: 'S' }, 'mode'],
    ['acquire', 'a key named twice', { ...a, keys: [k, k] }, 'twice'],
    ['acquire', 'no keys', { ...a, keys: [] }, 'keys'],
    ['acquire', 'no client', k, 'client_id'],
    ['acquire', 'an unknown mode', { ...a, ...k, mode: 'Z' }, 'mode'],
    ['acquire', 'an unknown field', { ...a, ...k, ttl: 5 }, 'ttl'],
    ['acquire', 'an unknown field of a key', { ...a, keys: [{ ...k, ttl: 5 }] }, 'ttl'],
    ['acquire', 'a lease of no time', { ...a, ...k, ttl_ms: 0 }, 'ttl_ms'],
    ['acquire', 'a lease beyond the longest', { ...a, ...k, ttl_ms: 60_001 }, 'ttl_ms'],
    ['acquire', 'a wait beyond the longest', { ...a, ...k, wait_ms: 1_001 }, 'wait_ms'],
    ['acquire', 'an empty key', { ...a, key: '' }, 'key'],
    ['release', 'neither key nor keys', a, 'key'],
    ['release', 'both key and keys', { ...a, ...k, keys: ['k'] }, 'key'],
    ['release', 'a token that is no number', { ...a, ...k, fencing_token: '7' }, 'fencing_token'],
    ['release', 'an unknown field', { ...a, ...k, force: true }, 'force'],
    ['renew', 'no client', k, 'client_id'],
    ['renew', 'both key and keys', { ...a, ...k, keys: ['l'] }, 'key'],
    ['renew', 'a lease beyond the longest', { ...a, ttl_ms: 60_001 }, 'ttl_ms'],
    ['renew', 'an unknown field', { ...a, wait_ms: 5 }, 'wait_ms'],
    ['convert', 'no mode', { ...a, ...k }, 'mode'],
    ['convert', 'a wait beyond the longest', { ...a, ...k, mode: 'X', wait_ms: 1_001 }, 'wait_ms'],
    ['convert', 'an unknown field', { ...a, ...k, mode: 'X', ttl_ms: 5 }, 'ttl_ms'],
    ['ticket', 'no ticket', {}, 'ticket'],
    ['ticket', 'a wait beyond the longest', { ticket: 1, wait_ms: 1_001 }, 'wait_ms'],
    ['ticket', 'an unknown field', { ticket: 1, client_id: 'A' }, 'client_id'],
    ['cancel', 'a key without its client', k, 'ticket'],
    ['cancel', 'a ticket and a key', { ticket: 1, ...k }, 'ticket'],
    ['verify', 'no token', k, 'fencing_token'],
    ['verify', 'a token below one', { ...k, fencing_token: 0 }, 'fencing_token'],
  ])('%s refuses %s, and names the field', async (verb, _, body, field) => {
    await refuses(verb, body, field);
  });

  it.each(['?limit=0', '?limit=1001', '?consistency=fast', '?color=red'])(
    'the list refuses %s',
    async (query) => {
      const answer = await api().get(`/lock${query}`).expect(400);
      expect(answer.body).toMatchObject({ code: 'invalid_request' });
    },
  );

  it('grants one key under a token, and tells another client who holds it', async () => {
    const key = newKey();
    const granted = await post('acquire', { ...a, key, mode: 'exclusive' }).expect(200);
    expect(granted.body).toEqual({
      granted: true,
      key,
      mode: 'X',
      client_id: 'A',
      fencing_token: expect.any(Number),
      expires_in_ms: expect.any(Number),
    });
    const refused = await post('acquire', { client_id: 'B', key }).expect(409);
    expect(refused.type).toBe('application/problem+json');
    expect(refused.body).toMatchObject({
      code: 'lock_held',
      holders: [{ key, client_id: 'A', mode: 'X' }],
      queue_length: 0,
    });
  });

  it('gives up a wait in its time, and says that it did', async () => {
    const { key } = await held();
    const answer = await post('acquire', { client_id: 'B', key, wait_ms: 30 }).expect(409);
    expect(answer.body).toMatchObject({ code: 'wait_timeout' });
    const { body } = await api().get(`/lock/${key}`).expect(200);
    expect(body).toMatchObject({ holders: [{ client_id: 'A' }], waiters: [] });
  });

  it('grants several keys or none', async () => {
    const taken = await held('B');
    const free = newKey();
    const keys = [{ key: free }, { key: taken.key, mode: 'S' }];
    await post('acquire', { ...a, keys }).expect(409);
    const lock = await api().get(`/lock/${free}`).expect(200);
    expect(lock.body).toMatchObject({ holders: [] });
    await post('release', { client_id: 'B', key: taken.key }).expect(200);
    const granted = await post('acquire', { ...a, keys }).expect(200);
    expect(granted.body).toMatchObject({
      granted: true,
      client_id: 'A',
      locks: [
        { key: free, mode: 'X' },
        { key: taken.key, mode: 'S' },
      ],
    });
  });

  it.each(['release', 'renew'])('%s tells who does not hold from a wrong token', async (verb) => {
    const { key, fence } = await held();
    const other = await post(verb, { client_id: 'B', key }).expect(409);
    expect(other.body).toMatchObject({ code: 'not_holder', keys: [key] });
    const wrong = await post(verb, { ...a, key, fencing_token: fence + 1 }).expect(409);
    expect(wrong.body).toMatchObject({ code: 'token_mismatch', key, current_token: fence });
    await post(verb, { ...a, key, fencing_token: fence }).expect(200);
  });

  it('renews everything that a client holds when it names no key', async () => {
    const [one, two] = [newKey(), newKey()];
    await post('acquire', { client_id: 'R', keys: [{ key: one }, { key: two }] }).expect(200);
    const { body } = await post('renew', { client_id: 'R', ttl_ms: 50_000 }).expect(200);
    const { locks } = body as { locks: { key: string; expires_in_ms: number }[] };
    expect(locks.map(({ key }) => key).sort()).toEqual([one, two].sort());
    for (const lock of locks) expect(lock.expires_in_ms).toBeGreaterThan(30_000);
  });

  it('converts what is held, under a greater token, and nothing else', async () => {
    const key = newKey();
    const shared = await post('acquire', { ...a, key, mode: 'shared' }).expect(200);
    const { fencing_token: before } = shared.body as { fencing_token: number };
    const { body } = await post('convert', { ...a, key, mode: 'X' }).expect(200);
    expect(body).toMatchObject({ granted: true, key, mode: 'X' });
    expect((body as { fencing_token: number }).fencing_token).toBeGreaterThan(before);
    const answer = await post('convert', { client_id: 'B', key, mode: 'S' }).expect(409);
    expect(answer.body).toMatchObject({ code: 'not_holder', keys: [key] });
  });

  it('queues under a ticket, tells its place, then its grant', async () => {
    const { key } = await held();
    const queued = await post('acquire', { client_id: 'B', key, queue: true }).expect(202);
    expect(queued.body).toEqual({ queued: true, position: 1, ticket: expect.any(Number) });
    const { ticket } = queued.body as { ticket: number };
    expect((await post('ticket', { ticket }).expect(202)).body).toMatchObject({ position: 1 });
    await post('release', { ...a, key }).expect(200);
    const { body } = await post('ticket', { ticket }).expect(200);
    expect(body).toMatchObject({ granted: true, key, client_id: 'B' });
  });

  it('gives up a place by its ticket, and by its client', async () => {
    const { key } = await held();
    const queued = await post('acquire', { client_id: 'B', key, queue: true }).expect(202);
    const { ticket } = queued.body as { ticket: number };
    const first = await post('cancel', { ticket }).expect(200);
    expect(first.body).toEqual({ cancelled: true, waits: 1 });
    const gone = await post('ticket', { ticket }).expect(404);
    expect(gone.body).toMatchObject({ code: 'not_found' });
    await post('acquire', { client_id: 'C', key, queue: true }).expect(202);
    await post('cancel', { client_id: 'C', key }).expect(200);
    const none = await post('cancel', { client_id: 'C', key }).expect(404);
    expect(none.body).toMatchObject({ code: 'not_found' });
  });

  it('refuses who would close a circle, and names it', async () => {
    const [mine, theirs] = [await held('P'), await held('Q')];
    await post('acquire', { client_id: 'P', key: theirs.key, queue: true }).expect(202);
    const body = { client_id: 'Q', key: mine.key, wait_ms: 500 };
    const answer = await post('acquire', body).expect(409);
    expect(answer.body).toMatchObject({
      code: 'deadlock',
      cycle: [
        { client_id: 'Q', key: mine.key, waits_for: 'P' },
        { client_id: 'P', key: theirs.key, waits_for: 'Q' },
      ],
    });
    const graph = await api().get('/lock/wait-graph').expect(200);
    const { edges } = graph.body as { edges: { client_id: string; waits_for: string }[] };
    expect(edges).toContainEqual(expect.objectContaining({ client_id: 'P', waits_for: 'Q' }));
  });

  it('verifies a token for as long as the lock is held under it', async () => {
    const { key, fence } = await held();
    const verdict = async () =>
      (await post('verify', { key, fencing_token: fence })).body as object;
    expect(await verdict()).toEqual({ valid: true, current_token: fence });
    await post('release', { ...a, key }).expect(200);
    expect(await verdict()).toMatchObject({ valid: false });
  });

  it('lists by prefix, in order, and says when there is more', async () => {
    const prefix = `list-${newKey()}`;
    for (const end of ['c', 'a', 'b']) {
      await post('acquire', { ...a, key: `${prefix}-${end}` }).expect(200);
    }
    const { body } = await api().get(`/lock?prefix=${prefix}&limit=2`).expect(200);
    expect(body).toMatchObject({
      locks: [{ key: `${prefix}-a` }, { key: `${prefix}-b` }],
      more: true,
    });
  });

  it('knows a request again, and refuses its id for another', async () => {
    const body = { ...a, key: newKey(), request_id: newKey() };
    const first = await post('acquire', body).expect(200);
    const { fencing_token: fence } = first.body as { fencing_token: number };
    const again = await post('acquire', body).expect(200);
    expect(again.body).toMatchObject({ fencing_token: fence });
    const other = await post('acquire', { ...body, mode: 'S' }).expect(409);
    expect(other.body).toMatchObject({ code: 'request_id_reused' });
    await post('release', { ...a, key: body.key }).expect(200);
    expect((await post('acquire', body).expect(409)).body).toMatchObject({ code: 'grant_ended' });
  });

  it('forgets an unused key, and refuses to forget one that is held', async () => {
    expect((await api().delete(`/lock/${newKey()}`).expect(200)).body).toEqual({ deleted: false });
    const { key } = await held();
    const answer = await api().delete(`/lock/${key}`).expect(409);
    expect(answer.body).toMatchObject({ code: 'wrong_algorithm', key, uses: 'raft' });
  });

  it('sends who looks at a verb to the way its lock is looked at', async () => {
    const answer = await api().get('/lock/acquire').expect(405);
    expect(answer.body).toMatchObject({ code: 'method_not_allowed' });
  });
});
