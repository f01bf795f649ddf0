import supertest from 'supertest';
import { bodyOf, start, type Running } from './fixture.ts';

const json = 'application/json';
const problemJson = /^application\/problem\+json/;

/** Every sentence holds for the hot path and for Express: a caller cannot tell which one answered. */
describe.each([
  ['the hot path', true],
  ['Express', false],
])('a POST answered by %s', (_name, hotPath) => {
  let running: Running;
  beforeAll(async () => {
    running = await start({ hotPath, limits: { bodyLimitBytes: 2_000 } });
  });
  afterAll(() => running.server.stop());

  const post = (path = '/echo/put') => supertest(running.url).post(path);
  const putRaw = (body: string | Buffer) =>
    post()
      .set('content-type', json)
      .send(body as string);

  it('is checked, filled with defaults and answered as JSON', async () => {
    const response = await post().send({ key: 'a', value: [1, { b: null }] });
    expect(response.status).toBe(200);
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(response.body).toEqual({
      key: 'a',
      count: 1,
      value: [1, { b: null }],
      caller: 'anonymous',
    });
  });

  it('may come without a body where everything is optional', async () => {
    expect((await post('/echo/optional')).body).toEqual({ max: 1 });
    expect((await post('/echo/optional').send({ max: 3 })).body).toEqual({ max: 3 });
  });

  it('is told by name what is missing, wrong or unknown', async () => {
    const response = await post().send({ count: 9, colour: 'red', nested: { flag: true, x: 1 } });
    expect(response.status).toBe(400);
    expect(response.headers['content-type']).toMatch(problemJson);
    expect(response.body).toMatchObject({
      type: 'urn:quorate:problem:invalid_request',
      status: 400,
      code: 'invalid_request',
    });
    expect(bodyOf(response).errors).toEqual([
      { field: 'key', detail: 'is required' },
      { field: 'count', detail: 'expected number to be <=5' },
      { field: 'nested.x', detail: 'is not a known field' },
      { field: 'colour', detail: 'is not a known field' },
    ]);
    expect(bodyOf(response).detail).toContain('colour: is not a known field');
  });

  it('without a body is told what was required', async () => {
    const response = await post();
    expect(response.status).toBe(400);
    expect(bodyOf(response).detail).toBe('key: is required');
  });

  it.each([
    ['broken JSON', '{"key": "a"', 'not valid JSON'],
    ['a bare word', '"key"', 'expected object'],
    ['a prototype', '{"key":"a","__proto__":{"x":1}}', '__proto__: is not a known field'],
    [
      'a value of bottomless depth',
      `{"key":"a","value":${'['.repeat(80)}${']'.repeat(80)}}`,
      'deeper',
    ],
  ])('is refused with 400 for %s', async (_what, body, detail) => {
    const response = await putRaw(body);
    expect(response.status).toBe(400);
    expect(bodyOf(response).code).toBe('invalid_request');
    expect(bodyOf(response).detail).toContain(detail);
  });

  it('is refused with 400 for something other than UTF-8', async () => {
    const response = await fetch(`${running.url}/echo/put`, {
      method: 'POST',
      headers: { 'content-type': json },
      body: Buffer.from([0x22, 0xff, 0xfe, 0x22]),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ detail: 'the body is not valid UTF-8' });
  });

  it.each([
    ['a form', 'application/x-www-form-urlencoded'],
    ['text', 'text/plain'],
    ['another charset', 'application/json; charset=latin1'],
  ])('is refused with 415 when sent as %s', async (_what, type) => {
    const response = await post().set('content-type', type).send('{"key":"a"}');
    expect(response.status).toBe(415);
    expect(bodyOf(response).code).toBe('unsupported_media_type');
  });

  it('is refused with 415 when compressed', async () => {
    const response = await putRaw('{"key":"a"}').set('content-encoding', 'gzip');
    expect(response.status).toBe(415);
  });

  it('takes a charset that says UTF-8', async () => {
    const type = 'application/json; charset=UTF-8';
    const response = await post().set('content-type', type).send('{"key":"ä"}');
    expect(bodyOf(response).key).toBe('ä');
  });

  it('is refused with 413 when it is longer than the limit, announced or not', async () => {
    const long = JSON.stringify({ key: 'a', value: 'x'.repeat(5_000) });
    const announced = await putRaw(long);
    expect(announced.status).toBe(413);
    expect(bodyOf(announced).code).toBe('payload_too_large');

    const chunked = await fetch(`${running.url}/echo/put`, {
      method: 'POST',
      headers: { 'content-type': json },
      body: new Blob([long]).stream(),
      duplex: 'half',
    });
    expect(chunked.status).toBe(413);
    expect(((await chunked.json()) as { code: string }).code).toBe('payload_too_large');
  });

  it('answers a problem of the service with what belongs to it', async () => {
    const response = await post().send({ key: 'held' });
    expect(response.status).toBe(409);
    expect(response.body).toEqual({
      type: 'urn:quorate:problem:lock_held',
      title: 'Somebody else holds it',
      status: 409,
      code: 'lock_held',
      detail: 'taken',
      holders: ['c1'],
    });
  });

  it('says nothing of the inside when a handler throws, and logs it with the request id', async () => {
    const response = await post().set('x-request-id', 'trace-1').send({ key: 'broken' });
    expect(response.status).toBe(500);
    expect(bodyOf(response).code).toBe('internal');
    expect(response.text).not.toContain('secret');
    const line = running.logged().find(({ level }) => level === 'error');
    expect(line).toMatchObject({
      request_id: 'trace-1',
      error: { message: 'secret inner detail' },
    });
  });

  it('keeps a sane request id, and makes one where there is none', async () => {
    const kept = await post().set('x-request-id', 'abc-123').send({ key: 'a' });
    expect(kept.headers['x-request-id']).toBe('abc-123');
    const replaced = await post().set('x-request-id', 'no spaces "or" quotes').send({ key: 'a' });
    expect(replaced.headers['x-request-id']).toMatch(/^[0-9a-f]{16}-[0-9a-z]+$/);
    const made = await post().send({ key: 'a' });
    expect(made.headers['x-request-id']).not.toBe(replaced.headers['x-request-id']);
  });

  it('logs nothing above debug for what clients do wrong', async () => {
    const before = running.logged().length;
    await post().send({ wrong: 1 });
    await putRaw('{');
    await post('/nowhere').send({});
    const lines = running.logged().slice(before);
    expect(lines.length).toBeGreaterThanOrEqual(3);
    expect(new Set(lines.map(({ level }) => level))).toEqual(new Set(['debug']));
  });
});

describe('a path or method that is no route', () => {
  let running: Running;
  beforeAll(async () => {
    running = await start();
  });
  afterAll(() => running.server.stop());

  it('is 404 as a problem', async () => {
    const response = await supertest(running.url).get('/nope');
    expect(response.status).toBe(404);
    expect(response.headers['content-type']).toMatch(problemJson);
    expect(bodyOf(response).code).toBe('not_found');
  });

  it('is 405 with Allow where another method is taken', async () => {
    const response = await supertest(running.url).delete('/echo/put');
    expect(response.status).toBe(405);
    expect(response.headers['allow']).toBe('GET, HEAD, POST, PUT');
    expect(bodyOf(response).code).toBe('method_not_allowed');
  });

  it('answers OPTIONS with what is allowed', async () => {
    const response = await supertest(running.url).options('/cluster/transfer');
    expect(response.status).toBe(204);
    expect(response.headers['allow']).toBe('POST');
  });

  it('is 400 when the path cannot be decoded', async () => {
    const response = await supertest(running.url).get('/echo/%E0%A4%A');
    expect(response.status).toBe(400);
    expect(bodyOf(response).code).toBe('invalid_request');
  });
});

describe('routes with parameters', () => {
  let running: Running;
  beforeAll(async () => {
    running = await start();
  });
  afterAll(() => running.server.stop());

  it('get theirs decoded and checked', async () => {
    const response = await supertest(running.url).get('/echo/a%2Fb?times=2');
    expect(response.body).toEqual({ key: 'a/b', times: 2 });
  });

  it('refuse what the schema does not take, naming where it stood', async () => {
    const query = await supertest(running.url).get('/echo/a?times=9');
    expect(query.status).toBe(400);
    expect(bodyOf(query).detail).toBe('query parameter times: expected number to be <=3');
    const unknown = await supertest(running.url).get('/echo/a?tims=1');
    expect(bodyOf(unknown).detail).toBe('query parameter tims: is not a known field');
  });

  it.each([1, 100])('may take and give bytes of any kind, few or many (%i)', async (times) => {
    const bytes = Buffer.from(Uint8Array.from({ length: 256 * times }, (_, i) => i & 255));
    const response = await supertest(running.url)
      .put('/echo/a')
      .set('content-type', 'image/png')
      .send(bytes);
    expect(response.headers['content-type']).toBe('image/png');
    expect(response.body).toEqual(bytes);
  });
});
