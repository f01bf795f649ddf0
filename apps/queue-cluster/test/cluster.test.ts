import { waitUntil } from '@quorate/testkit';
import { patience, QueueNodes, type DeliveredBody } from './queue-nodes.ts';

describe('a queue cluster of three processes', () => {
  const nodes = new QueueNodes();

  beforeAll(() => nodes.start(), 60_000);
  afterAll(() => nodes.close());

  it('does what the first lines of the README do, sent to whatever node', async () => {
    const order = ['a', 'b', 'c', 'a', 'b'];
    for (const [i, first] of order.slice(0, 3).entries()) {
      const [second, third] = order.slice(i + 1) as [string, string];
      const enqueued = await nodes.insist('an enqueue', first, '/queue/enq', {
        key: 'user:42',
        value: 'hello',
      });
      expect(enqueued.body).toEqual({ msg_id: expect.any(String) });
      const { status, body } = await nodes.post(second, '/queue/deq');
      expect(status).toBe(200);
      const [message, ...others] = body['messages'] as readonly DeliveredBody[];
      expect(others).toEqual([]);
      expect(message).toMatchObject({
        msg_id: enqueued.body['msg_id'],
        key: 'user:42',
        value: 'hello',
        deliveries: 1,
      });
      expect(await nodes.post(third, '/queue/ack', { msg_id: message!.msg_id })).toEqual({
        status: 200,
        body: { acked: 1 },
      });
      expect(await nodes.post(first, '/queue/ack', { msg_id: message!.msg_id })).toMatchObject({
        status: 404,
        body: { code: 'not_found' },
      });
      expect(await nodes.post(third, '/queue/deq')).toEqual({
        status: 200,
        body: { messages: [] },
      });
    }
  });

  it('wakes a consumer that waits on another node', async () => {
    const waiting = nodes.post('b', '/queue/deq', { queue: 'waited-for', wait_ms: 30_000 });
    await nodes.untilWaiting('waited-for', 1);
    await nodes.insist('an enqueue', 'a', '/queue/enq', { queue: 'waited-for', value: 1 });
    expect((await waiting).body['messages']).toMatchObject([{ value: 1 }]);
  });

  it('loses nothing and keeps the order of a key when a node is killed under load', async () => {
    const queues = ['orders-1', 'orders-2', 'orders-3', 'orders-4', 'orders-5', 'orders-6'];
    const sent = new Map<string, number[]>(queues.map((queue) => [queue, []]));
    const produce = async (queue: string): Promise<void> => {
      for (let value = 0; value < 40; value++) {
        // The same request_id until it is answered: an enqueue in doubt is not made twice.
        await nodes.insist(
          `message ${value} of ${queue}`,
          value % 2 === 0 ? 'a' : 'c',
          '/queue/enq',
          {
            queue,
            key: 'k',
            value,
            request_id: `${queue}-${value}`,
          },
        );
        sent.get(queue)!.push(value);
      }
    };
    const producing = Promise.all(queues.map(produce));
    await waitUntil('some messages', () => sent.get('orders-1')!.length >= 10, patience);
    await nodes.cluster.kill('b');
    await producing;
    await nodes.cluster.startNode('b');
    for (const queue of queues) {
      const received: unknown[] = [];
      while (received.length < 40) {
        const [message] = await nodes.take('b', { queue, wait_ms: 10_000 });
        received.push(message?.value);
        await nodes.insist('an ack', 'c', '/queue/ack', { receipt: message!.receipt });
      }
      expect(received).toEqual(sent.get(queue));
      expect(await nodes.take('a', { queue })).toEqual([]);
    }
  }, 120_000);

  it('gives back at once, and uncounted, what a killed node held for its waiting consumers', async () => {
    const waiting = Array.from({ length: 50 }, () =>
      nodes.post('b', '/queue/deq', { queue: 'parked', wait_ms: 60_000 }).catch(() => 'gone'),
    );
    await nodes.untilWaiting('parked', 50);
    await nodes.cluster.kill('b');
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['gone']));
    await nodes.insist('an enqueue', 'a', '/queue/enq', { queue: 'parked', value: 'mine' });
    // The default visibility is 30 s; within less a living consumer must have it, as if never given.
    const started = performance.now();
    const [message] = await nodes.take('c', { queue: 'parked', wait_ms: 25_000 });
    expect(message).toMatchObject({ value: 'mine', deliveries: 1 });
    expect(performance.now() - started).toBeLessThan(25_000);
    await nodes.cluster.startNode('b');
  }, 90_000);
});
