import { readConfig, startClusterNode } from '@quorate/service-kit';
import supertest from 'supertest';
import { queueApp } from '../src/app.ts';
import { configSchema } from '../src/config.ts';

type Node = Awaited<ReturnType<typeof startClusterNode>>;

interface Message {
  readonly msg_id: string;
  readonly receipt: string;
  readonly value: unknown;
}

/** What callers send and get, on one node that forgets at its end. */
describe('the routes of the queue', () => {
  let node: Node;
  let fresh = 0;

  beforeAll(async () => {
    const config = readConfig(
      {
        NODE_ID: 'n',
        STORAGE: 'memory',
        LOG_LEVEL: 'error',
        MESSAGE_BYTES_MAX: '1000',
        ANSWER_BYTES_MAX: '2000',
        QUEUE_MESSAGES_MAX: '20',
        QUEUES_MAX: '200',
        WAIT_MAX_MS: '1000',
      },
      configSchema,
    );
    if (!config.ok) throw new Error(JSON.stringify(config.mistakes));
    node = await startClusterNode(queueApp({ ...config.config, nodePort: 0 }, undefined));
    // Held until the node leads its shards.
    for (const queue of ['a', 'b', 'c', 'd', 'e', 'f']) {
      await post('enq', { queue, value: 0, request_id: queue }).expect(200);
    }
  }, 30_000);

  afterAll(() => node.stop());

  const api = () => supertest(node.server.url);
  const post = (path: string, body?: object) => {
    const request = api().post(`/queue/${path}`);
    return body === undefined ? request : request.send(body);
  };
  const newQueue = (): string => `queue-${(fresh += 1)}`;
  const take = async (body: object): Promise<readonly Message[]> => {
    const answer = await post('deq', body).expect(200);
    return (answer.body as { messages: readonly Message[] }).messages;
  };

  describe('enq', () => {
    it('names each message, and says which it has seen', async () => {
      const queue = newQueue();
      const one = await post('enq', { queue, value: null, dedup_id: 'x' }).expect(200);
      expect(one.body).toEqual({ msg_id: expect.any(String) });
      const many = await post('enq', {
        queue,
        messages: [{ value: 1 }, { value: 2, dedup_id: 'x' }],
      });
      expect(many.body).toEqual({
        messages: [
          { msg_id: expect.any(String) },
          { msg_id: (one.body as Message).msg_id, duplicate: true },
        ],
      });
    });

    it.each([
      ['no value', {}, 'value'],
      ['an unknown field', { value: 1, ttl: 5 }, 'ttl'],
      ['a field beside messages', { messages: [{ value: 1 }], key: 'k' }, 'key'],
      ['an unknown field in a message', { messages: [{ value: 1, delay: 5 }] }, 'delay'],
      ['a priority beyond 9', { value: 1, priority: 10 }, 'priority'],
      ['a name with a slash', { value: 1, queue: 'a/b' }, 'queue'],
      ['an empty batch', { messages: [] }, 'messages'],
    ])('refuses %s, and names the field', async (_, body, field) => {
      const answer = await post('enq', body).expect(400);
      expect(answer.type).toBe('application/problem+json');
      expect(answer.body).toMatchObject({ code: 'invalid_request' });
      expect(JSON.stringify(answer.body)).toContain(field);
    });

    it('refuses a message that is too large, key and headers included', async () => {
      const refused = async (body: object) =>
        expect((await post('enq', body).expect(413)).body).toMatchObject({
          code: 'payload_too_large',
        });
      await refused({ value: 'x'.repeat(1_000) });
      await refused({ value: 'x'.repeat(600), headers: { a: 'y'.repeat(600) } });
      await refused({ value: 'ü'.repeat(600) });
    });

    it('refuses what is beyond the limit of a queue, whole', async () => {
      const queue = newQueue();
      const batch = (count: number) => ({ queue, messages: Array(count).fill({ value: 1 }) });
      await post('enq', batch(15)).expect(200);
      const answer = await post('enq', batch(6)).expect(429);
      expect(answer.body).toMatchObject({ code: 'overloaded' });
      expect(answer.headers['retry-after']).toBeDefined();
      await post('enq', batch(5)).expect(200);
    });

    it('knows a request again, and refuses its id for another', async () => {
      const body = { queue: newQueue(), value: 1, request_id: newQueue() };
      const first = await post('enq', body).expect(200);
      expect((await post('enq', body).expect(200)).body).toEqual(first.body);
      const answer = await post('enq', { ...body, value: 2 }).expect(409);
      expect(answer.body).toMatchObject({ code: 'request_id_reused' });
    });
  });

  describe('deq', () => {
    it('gives nothing of a queue that is not there, and does not make it', async () => {
      const queue = newQueue();
      expect(await take({ queue })).toEqual([]);
      await post('deq', { queue, group: 'g' }).expect(404);
      await api().get(`/queue/${queue}`).expect(404);
    });

    it('describes a delivery', async () => {
      const queue = newQueue();
      await post('enq', { queue, key: 'k', value: { a: 1 }, headers: { h: 'v' }, priority: 3 });
      const [message] = await take({ queue, consumer_id: 'c' });
      expect(message).toEqual({
        msg_id: expect.any(String),
        receipt: expect.any(String),
        queue,
        group: 'default',
        key: 'k',
        value: { a: 1 },
        headers: { h: 'v' },
        priority: 3,
        deliveries: 1,
        enqueued_at: expect.stringMatching(/^\d{4}-.*Z$/),
      });
    });

    it('answers no more bytes than the node may', async () => {
      const queue = newQueue();
      const messages = Array(5).fill({ value: 'x'.repeat(900) });
      await post('enq', { queue, messages }).expect(200);
      expect(await take({ queue, max: 5 })).toHaveLength(2);
    });

    it('gives the same again to the same request, as far as it is still out', async () => {
      const queue = newQueue();
      await post('enq', { queue, messages: [{ value: 1 }, { value: 2 }] });
      const body = { queue, max: 2, request_id: newQueue() };
      const first = await take(body);
      expect(first).toHaveLength(2);
      expect(await take(body)).toEqual(first);
      await post('ack', { receipt: first[0]!.receipt }).expect(200);
      expect(await take(body)).toEqual(first.slice(1));
    });

    it('joins its own wait when it is repeated, and is given the message once', async () => {
      const queue = newQueue();
      const body = { queue, wait_ms: 1_000, request_id: newQueue() };
      const first = take(body);
      const waiting = async (): Promise<number> => {
        const { body: report } = await api().get(`/queue/${queue}`);
        return (
          (report as { groups?: { default: { waiting: number } } }).groups?.default.waiting ?? 0
        );
      };
      while ((await waiting()) === 0);
      const second = take(body);
      await post('enq', { queue, value: 'once' }).expect(200);
      const answers = [await first, await second].flat();
      expect(new Set(answers.map(({ receipt }) => receipt)).size).toBe(1);
      expect(await take({ queue })).toEqual([]);
    });

    it('asks for a group where the default is not one, and names those there are', async () => {
      const queue = newQueue();
      await api()
        .put(`/queue/${queue}`)
        .send({ groups: ['x', 'y'] })
        .expect(201);
      const answer = await post('deq', { queue }).expect(409);
      expect(answer.body).toMatchObject({ code: 'group_required', groups: ['x', 'y'] });
      expect((await post('deq', { queue, group: 'z' }).expect(404)).body).toMatchObject({
        code: 'not_found',
      });
    });

    it.each([
      [{ max: 0 }, 'max'],
      [{ max: 1_001 }, 'max'],
      [{ wait_ms: 5_000 }, 'wait_ms'],
      [{ visibility_ms: 0 }, 'visibility_ms'],
      [{ wait: 1 }, 'wait'],
    ])('refuses %j', async (body, field) => {
      const answer = await post('deq', body).expect(400);
      expect(JSON.stringify(answer.body)).toContain(field);
    });
  });

  describe('ack, nack, extend', () => {
    it('answers what became of a receipt', async () => {
      const queue = newQueue();
      await post('enq', { queue, value: 1 });
      const [first] = await take({ queue });
      await post('nack', { receipt: first!.receipt }).expect(200, {
        nacked: 1,
        dead_lettered: false,
      });
      const [second] = await take({ queue });
      for (const [path, more] of [
        ['ack', {}],
        ['nack', {}],
        ['extend', { visibility_ms: 10 }],
      ] as const) {
        const answer = await post(path, { receipt: first!.receipt, ...more }).expect(409);
        expect(answer.body).toMatchObject({ code: 'receipt_stale' });
      }
      const extended = await post('extend', { receipt: second!.receipt, visibility_ms: 5_000 });
      const { expires_in_ms: left } = extended.body as { expires_in_ms: number };
      expect(left).toBeGreaterThan(0);
      expect(left).toBeLessThanOrEqual(5_000);
      await post('ack', { receipt: second!.receipt }).expect(200, { acked: 1 });
      await post('ack', { receipt: second!.receipt }).expect(404);
    });

    it('answers for each receipt of a batch, over the shards', async () => {
      const receipts: string[] = [];
      for (const queue of ['a', 'b', 'c', 'd', 'e', 'f']) {
        receipts.push((await take({ queue }))[0]!.receipt);
      }
      expect(new Set(receipts.map((one) => one[0])).size).toBeGreaterThan(1);
      const answer = await post('ack', {
        receipts: [...receipts, receipts[0], 'nonsense', '9-1-1-0-1'],
      });
      expect(answer.body).toEqual({
        acked: 6,
        results: [
          ...receipts.map((receipt) => ({ receipt, result: 'acked' })),
          { receipt: receipts[0], result: 'not_found' },
          { receipt: 'nonsense', result: 'invalid_request' },
          { receipt: '9-1-1-0-1', result: 'not_found' },
        ],
      });
    });

    it.each([
      ['ack', {}],
      ['ack', { msg_id: '0-1-1', receipt: '0-1-1-0-1' }],
      ['ack', { receipt: 'nonsense' }],
      ['ack', { receipts: [] }],
      ['nack', { msg_id: '0-1-1-0-1' }],
      ['nack', { receipt: '0-1-1-0-1', delay_ms: -1 }],
      ['extend', { receipt: '0-1-1-0-1' }],
    ])('refuses %s %j', async (path, body) => {
      expect((await post(path, body).expect(400)).body).toMatchObject({ code: 'invalid_request' });
    });

    it('wants a receipt where a message is not out exactly once', async () => {
      const queue = newQueue();
      const { body } = await post('enq', { queue, value: 1 });
      const { msg_id } = body as Message;
      expect((await post('ack', { msg_id }).expect(409)).body).toMatchObject({
        code: 'receipt_required',
      });
      await take({ queue });
      await post('nack', { msg_id }).expect(200);
    });
  });

  describe('queues', () => {
    it('creates, changes, describes and deletes', async () => {
      const queue = newQueue();
      const created = await api().put(`/queue/${queue}`).send({ visibility_ms: 1_000 }).expect(201);
      expect(created.body).toMatchObject({ queue, visibility_ms: 1_000, max_deliveries: 5 });
      await api().put(`/queue/${queue}`).send({ max_deliveries: 2 }).expect(200);
      expect((await api().get(`/queue/${queue}`).expect(200)).body).toMatchObject({
        queue,
        visibility_ms: 1_000,
        max_deliveries: 2,
        depth: 0,
        leader: 'n',
      });
      await api().delete(`/queue/${queue}?request_id=d1`).expect(200, { deleted: true });
      // The same request again is answered as it was; another finds nothing.
      await api().delete(`/queue/${queue}?request_id=d1`).expect(200, { deleted: true });
      await api().delete(`/queue/${queue}`).expect(404);
      await api().delete(`/queue/${queue}?force=1`).expect(400);
    });

    it('refuses dead letters that would come back, also by way of another shard', async () => {
      const circle = [newQueue(), newQueue(), newQueue(), newQueue(), newQueue()];
      for (const [i, queue] of circle.slice(0, -1).entries()) {
        const body = { dead_letter_queue: circle[i + 1] };
        await api().put(`/queue/${queue}`).send(body).expect(201);
      }
      const last = circle.at(-1)!;
      const answer = await api()
        .put(`/queue/${last}`)
        .send({ dead_letter_queue: circle[0] })
        .expect(409);
      expect(answer.body).toMatchObject({
        code: 'dead_letter_cycle',
        queues: [last, ...circle],
      });
      await api().get(`/queue/${last}`).expect(404);
      await api()
        .put(`/queue/${last}`)
        .send({ dead_letter_queue: circle[0], max_deliveries: 0 })
        .expect(201);
    });

    it('redrives, and answers a repetition as the first time', async () => {
      const queue = newQueue();
      await api().put(`/queue/${queue}`).send({ max_deliveries: 1 }).expect(201);
      await post('enq', { queue, messages: Array(3).fill({ value: 1 }) });
      for (const { receipt } of await take({ queue, max: 3 })) await post('nack', { receipt });
      const body = { request_id: newQueue() };
      await post(`${queue}.dlq/redrive`, body).expect(200, { redriven: 3 });
      await post(`${queue}.dlq/redrive`, body).expect(200, { redriven: 3 });
      await post(`${queue}.dlq/redrive`, {}).expect(200, { redriven: 0 });
      expect(await take({ queue, max: 9 })).toHaveLength(3);
      await post(`${newQueue()}/redrive`).expect(404);
    });

    it('purges, peeks', async () => {
      const queue = newQueue();
      await post('enq', { queue, messages: [{ value: 1 }, { value: 2, delay_ms: 60_000 }] });
      const { body } = await post(`${queue}/peek`).expect(200);
      expect(body).toMatchObject({
        messages: [
          { value: 1, state: 'ready' },
          { value: 2, state: 'delayed' },
        ],
      });
      expect(JSON.stringify(body)).not.toContain('receipt');
      await post(`${queue}/purge`).expect(200, { purged: 2 });
      expect((await post(`${queue}/peek`)).body).toEqual({ messages: [] });
    });

    it('takes a verb of the API for no name', async () => {
      const answer = await api().get('/queue/enq').expect(405);
      expect(answer.headers['allow']).toBe('POST');
    });

    it.each([
      [{ groups: [] }, 'groups'],
      [{ groups: ['x', 'x'] }, 'groups'],
      [{ visibility: 5 }, 'visibility'],
      [{ backoff: { base_ms: 5 } }, 'max_ms'],
      [{ retention_ms: 5 }, 'retention_ms'],
    ])('refuses %j', async (body, field) => {
      const answer = await api().put(`/queue/${newQueue()}`).send(body).expect(400);
      expect(JSON.stringify(answer.body)).toContain(field);
    });

    it('makes no more queues than it may', async () => {
      let created = 0;
      for (; created < 250; created++) {
        const { status } = await api().put(`/queue/${newQueue()}`).send({});
        if (status !== 201) break;
      }
      expect(created).toBeLessThan(200);
      const full = await post('enq', { queue: newQueue(), value: 1 }).expect(429);
      expect(full.body).toMatchObject({ code: 'overloaded' });
      await post('deq', { queue: newQueue(), wait_ms: 10 }).expect(429);
    });
  });
});
