import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProcessCluster, waitUntil } from '@quorate/testkit';

const names = ['a', 'b', 'c'];
const main = join(__dirname, '../src/main.ts');
const patience = { timeoutMs: 30_000 };

interface Delivered {
  readonly msg_id: string;
  readonly receipt: string;
  readonly value: unknown;
  readonly deliveries: number;
}

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

describe('a queue cluster of three processes', () => {
  const data = mkdtempSync(join(tmpdir(), 'quorate-queues-'));
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
        },
      }),
    });
  }, 60_000);

  afterAll(async () => {
    await cluster.close();
    rmSync(data, { recursive: true, force: true });
  });

  const post = async (node: string, path: string, body?: object): Promise<Answer> => {
    const response = await fetch(`${cluster.url(node)}${path}`, {
      method: 'POST',
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(40_000),
    });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  };

  /** Until it is done: in between, nodes say honestly that they cannot. */
  const insist = (what: string, node: string, path: string, body: object): Promise<Answer> =>
    waitUntil(
      what,
      async () => {
        const answer = await post(node, path, body);
        return answer.status === 200 ? answer : undefined;
      },
      patience,
    );

  const take = async (node: string, body: object): Promise<readonly Delivered[]> => {
    const { body: answer } = await insist('a delivery', node, '/queue/deq', body);
    return answer['messages'] as readonly Delivered[];
  };

  it('takes a message on one node, gives it out on another, and is told on a third', async () => {
    const enqueued = await insist('an enqueue', 'a', '/queue/enq', {
      key: 'user:42',
      value: 'hello',
    });
    const { body } = await post('b', '/queue/deq');
    const [message] = body['messages'] as readonly Delivered[];
    expect(message).toMatchObject({
      msg_id: enqueued.body['msg_id'],
      key: 'user:42',
      value: 'hello',
      deliveries: 1,
    });
    expect(await post('c', '/queue/ack', { msg_id: message!.msg_id })).toEqual({
      status: 200,
      body: { acked: 1 },
    });
    expect(await post('a', '/queue/ack', { msg_id: message!.msg_id })).toMatchObject({
      status: 404,
      body: { code: 'not_found' },
    });
  });

  it('wakes a consumer that waits on another node', async () => {
    const waiting = post('b', '/queue/deq', { queue: 'waited-for', wait_ms: 30_000 });
    await waitUntil(
      'the consumer to stand in line',
      async () => {
        const seen = await fetch(`${cluster.url('c')}/queue/waited-for`);
        const queue = (await seen.json()) as { groups?: { default: { waiting: number } } };
        return queue.groups?.default.waiting === 1;
      },
      patience,
    );
    await insist('an enqueue', 'a', '/queue/enq', { queue: 'waited-for', value: 1 });
    expect((await waiting).body['messages']).toMatchObject([{ value: 1 }]);
  });

  it('loses nothing and keeps the order of a key when a node is killed under load', async () => {
    const queues = ['orders-1', 'orders-2', 'orders-3', 'orders-4', 'orders-5', 'orders-6'];
    const sent = new Map<string, number[]>(queues.map((queue) => [queue, []]));
    const produce = async (queue: string): Promise<void> => {
      for (let value = 0; value < 40; value++) {
        // The same request_id until it is answered: an enqueue in doubt is not made twice.
        await insist(`message ${value} of ${queue}`, value % 2 === 0 ? 'a' : 'c', '/queue/enq', {
          queue,
          key: 'k',
          value,
          request_id: `${queue}-${value}`,
        });
        sent.get(queue)!.push(value);
      }
    };
    const producing = Promise.all(queues.map(produce));
    await waitUntil('some messages', () => sent.get('orders-1')!.length >= 10, patience);
    await cluster.kill('b');
    await producing;
    await cluster.startNode('b');
    for (const queue of queues) {
      const received: unknown[] = [];
      while (received.length < 40) {
        const [message] = await take('b', { queue, wait_ms: 10_000 });
        received.push(message?.value);
        await insist('an ack', 'c', '/queue/ack', { receipt: message!.receipt });
      }
      expect(received).toEqual(sent.get(queue));
      expect(await take('a', { queue })).toEqual([]);
    }
  }, 120_000);

  it('gives back at once, and uncounted, what a killed node held for its waiting consumers', async () => {
    const waiting = Array.from({ length: 50 }, () =>
      post('b', '/queue/deq', { queue: 'parked', wait_ms: 60_000 }).catch(() => 'gone'),
    );
    await waitUntil(
      'the consumers to stand in line',
      async () => {
        const seen = await fetch(`${cluster.url('c')}/queue/parked`);
        const queue = (await seen.json()) as { groups?: { default: { waiting: number } } };
        return queue.groups?.default.waiting === 50;
      },
      patience,
    );
    await cluster.kill('b');
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['gone']));
    await insist('an enqueue', 'a', '/queue/enq', { queue: 'parked', value: 'mine' });
    // The default visibility is 30 s; within less a living consumer must have it, as if never given.
    const started = performance.now();
    const [message] = await take('c', { queue: 'parked', wait_ms: 25_000 });
    expect(message).toMatchObject({ value: 'mine', deliveries: 1 });
    expect(performance.now() - started).toBeLessThan(25_000);
    await cluster.startNode('b');
  }, 90_000);
});
