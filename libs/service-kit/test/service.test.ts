import { request as httpRequest } from 'node:http';
import { once } from 'node:events';
import supertest from 'supertest';
import { createRegistry, createService, defineRoute, silentLogger } from '../src/index.ts';
import { z } from 'zod';
import { bodyOf, healthy, problem, start, viewOf, type Running } from './fixture.ts';

let running: Running;
afterEach(async () => {
  running.held.answerAll();
  await running.server.stop();
});

const token = '0123456789abcdef';
const post = (path: string) => supertest(running.url).post(path);

describe.each([
  ['the hot path', true],
  ['Express', false],
])('through %s', (_name, hotPath) => {
  it('a request without the right token is refused, and the token names the caller', async () => {
    running = await start({ hotPath, tokens: [{ name: 'ci', token }] });
    const missing = await post('/echo/put').send({ key: 'a' });
    expect(missing.status).toBe(401);
    expect(missing.headers['www-authenticate']).toBe('Bearer');
    expect(bodyOf(missing).code).toBe('unauthenticated');
    const wrong = await post('/echo/put').set('authorization', `Bearer ${token}x`).send({});
    expect(wrong.status).toBe(401);
    const right = await post('/echo/put')
      .set('authorization', `Bearer ${token}`)
      .send({ key: 'a' });
    expect(right.body).toMatchObject({ caller: 'ci' });
  });

  it('a connection that has shown a good token is still refused another', async () => {
    running = await start({ hotPath, tokens: [{ name: 'ci', token }] });
    const agent = supertest.agent(running.url).set('connection', 'keep-alive');
    const send = (text: string) =>
      agent.post('/echo/put').set('authorization', `Bearer ${text}`).send({ key: 'a' });
    expect((await send(token)).status).toBe(200);
    expect((await send(token.replace('f', 'e'))).status).toBe(401);
  });

  it('more requests than are taken on are refused at once, and probes are not', async () => {
    running = await start({ hotPath, limits: { inFlightMax: 2 } });
    const first = [post('/echo/held').send({}), post('/echo/held').send({})].map((test) =>
      test.then((response) => response.status),
    );
    await running.held.arrived(2);
    const refused = await post('/echo/put').send({ key: 'a' });
    expect(refused.status).toBe(429);
    expect(refused.headers['retry-after']).toBe('1');
    expect(bodyOf(refused).code).toBe('overloaded');
    expect((await supertest(running.url).get('/health')).status).toBe(200);
    running.held.answerAll();
    expect(await Promise.all(first)).toEqual([200, 200]);
    expect((await post('/echo/put').send({ key: 'a' })).status).toBe(200);
    expect(running.service.openRequests).toMatchObject({ inFlight: 0, parked: 0 });
  });

  it('requests that wait have a bound of their own and leave room for work', async () => {
    running = await start({ hotPath, limits: { inFlightMax: 1, parkedMax: 1 } });
    const parked = post('/echo/held')
      .send({ wait_ms: 60_000 })
      .then((response) => response.status);
    await running.held.arrived(1);
    expect(running.service.openRequests).toMatchObject({ inFlight: 0, parked: 1 });
    expect((await post('/echo/put').send({ key: 'a' })).status).toBe(200);
    expect(bodyOf(await post('/echo/held').send({ wait_ms: 1 })).code).toBe('overloaded');
    running.held.answerAll();
    expect(await parked).toBe(200);
    expect(running.service.openRequests).toMatchObject({ inFlight: 0, parked: 0 });
  });

  it('a request past its deadline is answered as unknown, once', async () => {
    let nowMs = 0;
    running = await start({ hotPath, nowMs: () => nowMs, limits: { requestTimeoutMs: 1_000 } });
    const late = post('/echo/held')
      .send({})
      .then((response) => response);
    await running.held.arrived(1);
    nowMs = 999;
    running.service.sweep();
    expect(running.service.openRequests.inFlight).toBe(1);
    nowMs = 1_000;
    running.service.sweep();
    const response = await late;
    expect(response.status).toBe(504);
    expect(bodyOf(response).code).toBe('outcome_unknown');
    running.held.answerAll();
    expect(running.service.openRequests.inFlight).toBe(0);
  });

  it('a wait has as long as it asked for, and then the usual time to be answered', async () => {
    let nowMs = 0;
    running = await start({ hotPath, nowMs: () => nowMs, limits: { requestTimeoutMs: 1_000 } });
    const parked = post('/echo/held')
      .send({ wait_ms: 5_000 })
      .then((response) => response.status);
    await running.held.arrived(1);
    nowMs = 5_999;
    running.service.sweep();
    expect(running.service.openRequests.parked).toBe(1);
    running.held.answerAll();
    expect(await parked).toBe(200);
  });

  it('a client that leaves is noticed by the handler that waits for it', async () => {
    running = await start({ hotPath });
    const client = httpRequest(`${running.url}/echo/held`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    });
    client.on('error', () => undefined);
    client.end('{"wait_ms":60000}');
    await running.held.arrived(1);
    const response = await supertest(running.url).get('/metrics');
    expect(response.text).toContain('http_requests_parked 1');
    client.destroy();
    await turnsUntil(() => running.service.openRequests.parked === 0);
    const after = await supertest(running.url).get('/metrics');
    const line = 'http_requests_total{method="POST",route="/echo/held",status="499"} 1';
    expect(after.text).toContain(line);
  });

  it('a body that never comes is given up with 408', async () => {
    let nowMs = 0;
    running = await start({ hotPath, nowMs: () => nowMs });
    const client = httpRequest(`${running.url}/echo/put`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': '100' },
    });
    client.write('{');
    await turnsUntil(() => running.service.openRequests.inFlight === 1);
    nowMs = 10_000;
    running.service.sweep();
    const [response] = (await once(client, 'response')) as [{ statusCode: number }];
    expect(response.statusCode).toBe(408);
    client.destroy();
  });

  it('a body that is refused by its head is not asked for', async () => {
    running = await start({ hotPath, limits: { bodyLimitBytes: 2_000 } });
    const headers = { 'content-type': 'application/json', expect: '100-continue' };
    const client = httpRequest(`${running.url}/echo/put`, {
      method: 'POST',
      headers: { ...headers, 'content-length': '1000000' },
    });
    client.on('continue', () => client.destroy(new Error('was asked to go on')));
    client.flushHeaders();
    const [refused] = (await once(client, 'response')) as [{ statusCode: number }];
    expect(refused.statusCode).toBe(413);
    client.destroy();

    const body = '{"key":"a"}';
    const wanted = httpRequest(`${running.url}/echo/put`, { method: 'POST', headers });
    wanted.on('continue', () => wanted.end(body));
    wanted.flushHeaders();
    const [taken] = (await once(wanted, 'response')) as [{ statusCode: number }];
    expect(taken.statusCode).toBe(200);
    wanted.destroy();
  });

  it('an invariant that breaks in a handler is answered without a word of it, and reported', async () => {
    const broken: unknown[] = [];
    const error = Object.assign(new Error('ledger does not add up'), { name: 'InvariantError' });
    running = await start({
      hotPath,
      onBrokenInvariant: (what) => broken.push(what),
      view: viewOf({
        stats: () => {
          throw error;
        },
      }),
    });
    const response = await supertest(running.url).get('/stats');
    expect(response.status).toBe(500);
    expect(response.text).not.toContain('ledger');
    expect(broken).toEqual([error]);
  });
});

describe('the routes of every node', () => {
  it('tell the health with 200, and with 503 when it cannot serve', async () => {
    let status: 'ok' | 'no_majority' = 'ok';
    running = await start({ view: viewOf({ health: () => ({ ...healthy, status }) }) });
    const well = await supertest(running.url).get('/health');
    expect(well.status).toBe(200);
    expect(well.body).toEqual(healthy);
    status = 'no_majority';
    const ill = await supertest(running.url).get('/health');
    expect(ill.status).toBe(503);
    expect(ill.body).toEqual({ ...healthy, status: 'no_majority' });
  });

  it('tell what is missing until it is ready', async () => {
    running = await start({
      view: viewOf({ ready: () => ({ ready: false, reason: 'no leader' }) }),
    });
    const response = await supertest(running.url).get('/ready');
    expect(response.status).toBe(503);
    expect(response.body).toEqual({ ready: false, reason: 'no leader' });
  });

  it('need no token for probes, metrics and the reference, and one for the rest', async () => {
    running = await start({ tokens: [{ name: 'ci', token }] });
    const statusOf = async (path: string) => (await supertest(running.url).get(path)).status;
    const open = ['/health', '/ready', '/metrics', '/docs', '/openapi.json'];
    expect(await Promise.all(open.map(statusOf))).toEqual(open.map(() => 200));
    expect(await Promise.all(['/cluster', '/stats'].map(statusOf))).toEqual([401, 401]);
  });

  it('hand leadership over, to a node or to whichever fits', async () => {
    running = await start();
    expect((await post('/cluster/transfer').send({ to: 'n3' })).body).toEqual({ leader: 'n3' });
    expect((await post('/cluster/transfer')).body).toEqual({ leader: 'n2' });
  });

  it('answer HEAD as GET without a body', async () => {
    running = await start();
    const response = await supertest(running.url).head('/health');
    expect(response.status).toBe(200);
    expect(Number(response.headers['content-length'])).toBeGreaterThan(100);
  });
});

describe('the metrics', () => {
  it('count by route template and never by what clients send', async () => {
    running = await start();
    for (let i = 0; i < 30; i += 1) {
      await supertest(running.url).get(`/echo/key-${i}`);
      await supertest(running.url).get(`/scan/${i}`);
    }
    await post('/echo/put').send({ key: 'a' });
    const { text } = await supertest(running.url).get('/metrics');
    const counts = text.split('\n').filter((line) => line.startsWith('http_requests_total'));
    expect(counts).toEqual([
      'http_requests_total{method="POST",route="/echo/put",status="200"} 1',
      'http_requests_total{method="GET",route="/echo/{key}",status="200"} 30',
      'http_requests_total{method="ANY",route="unmatched",status="404"} 30',
    ]);
    expect(text).toContain(
      'http_request_duration_seconds_bucket{le="+Inf",method="GET",route="/echo/{key}"} 30',
    );
    expect(text).toContain(
      'http_request_duration_seconds_count{method="POST",route="/echo/put"} 1',
    );
  });

  it('belong to one node, so that several live in one process', async () => {
    running = await start({ registry: createRegistry({ labels: { node_id: 'n1' } }) });
    const other = await start({ registry: createRegistry({ labels: { node_id: 'n2' } }) });
    await post('/echo/put').send({ key: 'a' });
    const mine = await supertest(running.url).get('/metrics');
    const theirs = await supertest(other.url).get('/metrics');
    expect(mine.text).toContain('process_cpu_seconds_total{node_id="n1"}');
    expect(mine.text).toMatch(/http_requests_total\{.*"\/echo\/put".*node_id="n1"\} 1/);
    expect(theirs.text).not.toContain('n1');
    expect(theirs.text).not.toContain('route="/echo/put"');
    await other.server.stop();
  });
});

describe('a definition that is wrong', () => {
  const answer = { responses: {}, summary: '', handler: () => ({ status: 200 }) };
  const make = (routes: ReturnType<typeof defineRoute>[]) => () =>
    createService({
      name: 'x',
      version: '0',
      description: '',
      routes,
      view: viewOf(),
      registry: createRegistry({ processMetrics: false }),
      logger: silentLogger(),
    });

  beforeAll(async () => {
    running = await start();
  });

  it('fails at the start when a body would drop unknown fields, however deep', () => {
    const body = z.strictObject({ items: z.array(z.object({ a: z.string() })) });
    expect(() => defineRoute({ method: 'post', path: '/x', request: { body }, ...answer })).toThrow(
      'POST /x: body.items[] drops unknown fields',
    );
  });

  it('fails when a hot route has parameters, or a route names an unknown code', () => {
    const params = z.strictObject({ a: z.string() });
    expect(() =>
      defineRoute({ method: 'post', path: '/x/{a}', hot: true, request: { params }, ...answer }),
    ).toThrow('exact path');
    const route = defineRoute({ method: 'get', path: '/x', problems: ['nope'], ...answer });
    expect(make([route])).toThrow('unknown code nope');
  });

  it('fails when two routes are the same', () => {
    const route = defineRoute({ method: 'get', path: '/health', ...answer });
    expect(make([route])).toThrow('GET /health is defined twice');
  });
});

it('a problem keeps its own members, whatever comes with it', async () => {
  running = await start({
    view: viewOf({ transfer: () => problem('not_found', 'no n9', { code: 'mine', hint: 'n2' }) }),
  });
  const response = await post('/cluster/transfer').send({ to: 'n9' });
  expect(response.body).toMatchObject({ code: 'not_found', status: 404, hint: 'n2' });
});

/** Lets the event loop turn until something has happened; bounded, so that it fails and never hangs. */
async function turnsUntil(happened: () => boolean): Promise<void> {
  for (let turn = 0; turn < 100_000; turn += 1) {
    if (happened()) return;
    await new Promise(setImmediate);
  }
  throw new Error('it never happened');
}
