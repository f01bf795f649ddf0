import { waitUntil } from '@quorate/testkit';
import { patience, QueueNodes } from './queue-nodes.ts';

const count = 300;
const names = ['a', 'b', 'c'];

describe('dead letters for a queue of another shard', () => {
  const nodes = new QueueNodes();

  beforeAll(() => nodes.start(), 60_000);
  afterAll(() => nodes.close());

  const describeQueue = async (node: string, queue: string) => {
    const { body } = await nodes.get(node, `/queue/${queue}`);
    return body as { readonly shard: number; readonly leader: string | null };
  };

  /** A name whose queue lives in another shard than that one's. */
  const farFrom = async (near: string): Promise<string> => {
    const { shard } = await describeQueue('a', near);
    for (let i = 0; i < 50; i++) {
      await nodes.insist('a queue', 'a', '/queue/enq', { queue: `far-${i}`, value: 'first' });
      const found = await describeQueue('a', `far-${i}`);
      if (found.shard !== shard) return `far-${i}`;
    }
    throw new Error('all queues live in one shard');
  };

  /** Kills whoever leads the queue's shard; answers one of the others. */
  const killLeaderOf = async (queue: string): Promise<readonly [killed: string, alive: string]> => {
    const { leader } = await waitUntil(
      'a leader',
      async () => {
        const found = await describeQueue('a', queue);
        return found.leader === null ? undefined : found;
      },
      patience,
    );
    await nodes.cluster.kill(leader!);
    return [leader!, names.find((name) => name !== leader)!];
  };

  it('arrive once each, although the leaders of both shards are killed on their way', async () => {
    await nodes.insist('a queue', 'a', '/queue/enq', { queue: 'near', value: 'first' });
    const far = await farFrom('near');
    for (const queue of ['near', far]) {
      const [first] = await nodes.take('a', { queue });
      await nodes.insist('an ack', 'a', '/queue/ack', { receipt: first!.receipt });
    }
    const settings = { max_deliveries: 1, dead_letter_queue: far };
    expect((await nodes.ask('PUT', 'b', '/queue/near', settings)).status).toBe(200);
    const messages = Array.from({ length: count }, (_, value) => ({ value }));
    await nodes.insist('the messages', 'a', '/queue/enq', { queue: 'near', messages });
    const taken = await nodes.take('b', { queue: 'near', max: count, request_id: 'all' });
    expect(taken).toHaveLength(count);
    await Promise.all(
      taken.map(({ receipt }) =>
        nodes.insist('a nack', 'c', '/queue/nack', { receipt, request_id: `nack-${receipt}` }),
      ),
    );
    const [near, alive] = await killLeaderOf('near');
    await nodes.insist('a sign of life', alive, '/queue/enq', { queue: 'near', value: 'after' });
    await nodes.cluster.startNode(near);
    const [other, witness] = await killLeaderOf(far);
    const values: unknown[] = [];
    while (values.length < count) {
      // The same id until it is answered: what was taken in an answer that was lost comes again.
      const request_id = `take-${values.length}`;
      const ask = { queue: far, max: count, wait_ms: 20_000, request_id };
      const letters = await nodes.take(witness, ask);
      expect(letters).not.toEqual([]);
      values.push(...letters.map(({ value }) => value));
    }
    expect(values.toSorted((a, b) => Number(a) - Number(b))).toEqual(
      messages.map(({ value }) => value),
    );
    await nodes.cluster.startNode(other);
    expect(await nodes.take(other, { queue: far, max: count })).toEqual([]);
  }, 120_000);
});
