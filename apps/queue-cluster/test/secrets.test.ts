import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { patience, QueueNodes, type DeliveredBody } from './queue-nodes.ts';
import { waitUntil } from '@quorate/testkit';

const token = 'the-token-of-the-operator';
const other = 'the-token-of-somebody-else';
const secret = 'the-secret-that-all-nodes-share';

/**
 * Whatever is proposed goes to every node's disk and stays there until a snapshot has passed it. Once a
 * command carried the configuration along, tokens and all; the codec refuses such a command now, and
 * this looks at the disks themselves after all that the API can do.
 */
describe('what the nodes keep on disk', () => {
  const nodes = new QueueNodes({
    env: { API_TOKENS: `operator:${token},somebody:${other}`, CLUSTER_SECRET: secret },
    token,
  });

  beforeAll(() => nodes.start(), 60_000);
  afterAll(() => nodes.close());

  it('holds the messages and none of the secrets, on any node, after every route was used', async () => {
    await nodes.insist('an enqueue', 'a', '/queue/enq', {
      queue: 'q',
      value: 'find-me',
      dedup_id: 'd',
    });
    await useEveryRoute(nodes);
    await waitUntil(
      'the message on every disk',
      () => ['a', 'b', 'c'].every((node) => holds(join(nodes.data, node), 'find-me')),
      patience,
    );
    for (const node of ['a', 'b', 'c']) {
      for (const word of [token, other, secret]) {
        expect([node, word, holds(join(nodes.data, node), word)]).toEqual([node, word, false]);
      }
      // Nor does a node tell what it was not asked for.
      expect(nodes.cluster.process(node).output).not.toMatch(new RegExp(`${token}|${secret}`));
    }
  }, 60_000);
});

async function useEveryRoute(nodes: QueueNodes): Promise<void> {
  const post = async (path: string, body?: object): Promise<Record<string, unknown>> => {
    const { status, body: answer } = await nodes.post('b', path, body);
    expect([path, status]).toEqual([path, 200]);
    return answer;
  };
  const take = async (body: object): Promise<DeliveredBody> => {
    const answer = await post('/queue/deq', body);
    return (answer['messages'] as DeliveredBody[])[0]!;
  };
  const created = await nodes.ask('PUT', 'c', '/queue/w', {
    max_deliveries: 1,
    groups: ['g', 'default'],
    request_id: 'put',
  });
  expect(created.status).toBe(201);
  await post('/queue/enq', {
    queue: 'w',
    messages: [{ value: 1, headers: { a: 'b' } }, { value: 2 }],
  });
  const extended = await take({ queue: 'w', request_id: 'deq', consumer_id: 'c1' });
  await post('/queue/extend', { receipt: extended.receipt, visibility_ms: 60_000 });
  await post('/queue/ack', { receipt: extended.receipt, request_id: 'ack' });
  const failed = await take({ queue: 'w', group: 'g' });
  await post('/queue/nack', { receipt: failed.receipt, error: 'no', request_id: 'nack' });
  await post('/queue/w.dlq/peek', {});
  await post('/queue/w.dlq/redrive', { request_id: 'redrive' });
  const [waiting] = await Promise.all([
    take({ queue: 'waited', wait_ms: 30_000, request_id: 'wait' }),
    nodes
      .untilWaiting('waited', 1)
      .then(() => post('/queue/enq', { queue: 'waited', value: 'w', delay_ms: 1 })),
  ]);
  await post('/queue/ack', { receipts: [waiting.receipt] });
  await post('/queue/w/purge', { request_id: 'purge' });
  expect((await nodes.ask('DELETE', 'a', '/queue/w?request_id=delete')).status).toBe(200);
  for (const path of ['/queue', '/queue/q', '/health', '/cluster', '/stats']) {
    expect((await nodes.get('a', path)).status).toBe(200);
  }
}

function holds(directory: string, word: string): boolean {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .some((entry) => readFileSync(join(entry.parentPath, entry.name)).includes(word));
}
