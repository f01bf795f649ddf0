import { waitUntil } from '@quorate/testkit';
import { patience, QueueNodes } from './queue-nodes.ts';

interface ShardHealth {
  readonly shard: number;
  readonly leader: string | null;
  readonly term: number;
}

const names = ['a', 'b', 'c'] as const;

describe('a node that is killed', () => {
  // So patient that a busy machine does not elect anybody: only the kill does.
  const nodes = new QueueNodes({
    env: { RAFT_ELECTION_TIMEOUT_MIN: '2000', RAFT_ELECTION_TIMEOUT_MAX: '3000' },
  });

  beforeAll(() => nodes.start(), 60_000);
  afterAll(() => nodes.close());

  const shards = async (node: string): Promise<readonly ShardHealth[]> => {
    const { body } = await nodes.get(node, '/health');
    return body['shards'] as readonly ShardHealth[];
  };
  const shardOf = async (queue: string): Promise<number> =>
    (await nodes.get('a', `/queue/${queue}`)).body['shard'] as number;

  it('moves its own shards only: the queues of the others are served all the while', async () => {
    await waitUntil(
      'the leaders to be spread',
      async () => {
        const leaders = (await shards('a')).map(({ leader }) => leader);
        return leaders.join() === names.join();
      },
      patience,
    );
    // One queue per shard.
    const queues: string[] = [];
    for (let i = 0; queues.filter(Boolean).length < names.length && i < 100; i++) {
      await nodes.insist('an enqueue', 'a', '/queue/enq', { queue: `q${i}`, value: 'first' });
      queues[await shardOf(`q${i}`)] ??= `q${i}`;
    }
    const before = await shards('a');
    const lost = names.indexOf('b');
    const latencies = new Map<number, number[]>([0, 1, 2].map((shard) => [shard, []]));
    const refused = new Map<number, number>([0, 1, 2].map((shard) => [shard, 0]));
    let stop = false;
    const use = async (shard: number, node: string): Promise<void> => {
      for (let i = 0; !stop; i++) {
        const started = performance.now();
        const body = { queue: queues[shard], value: i };
        const { status } = await nodes.post(node, '/queue/enq', body);
        latencies.get(shard)!.push(performance.now() - started);
        if (status !== 200) refused.set(shard, refused.get(shard)! + 1);
      }
    };
    const using = [0, 1, 2].map((shard) => use(shard, shard === 0 ? 'a' : 'c'));
    const enough = (): boolean => [...latencies.values()].every((list) => list.length >= 50);
    await waitUntil('some traffic', enough, patience);
    await nodes.cluster.kill('b');
    await waitUntil(
      'another leader of its shard',
      async () => (await shards('a'))[lost]!.leader !== 'b',
      patience,
    );
    const marks = [0, 1, 2].map((shard) => latencies.get(shard)!.length);
    await waitUntil(
      'traffic on all shards again',
      () => marks.every((mark, shard) => latencies.get(shard)!.length >= mark + 50),
      patience,
    );
    stop = true;
    await Promise.all(using);
    const after = await shards('a');
    for (const shard of [0, 1, 2].filter((one) => one !== lost)) {
      expect([shard, after[shard]!.leader, after[shard]!.term]).toEqual([
        shard,
        before[shard]!.leader,
        before[shard]!.term,
      ]);
      expect([shard, refused.get(shard)]).toEqual([shard, 0]);
    }
    expect(after[lost]!.term).toBeGreaterThan(before[lost]!.term);
    for (const [shard, list] of latencies) process.stdout.write(`${sentence(shard, list)}\n`);
  }, 120_000);

  it('does not start on its data with another number of shards', async () => {
    const said = await nodes.startInVain('b', { SHARDS: '4' });
    expect(said).toContain('SHARDS = 4, but the data was written with 3: set SHARDS=3');
  }, 60_000);
});

function sentence(shard: number, latencies: readonly number[]): string {
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number): string => sorted[Math.floor(share * (sorted.length - 1))]!.toFixed(1);
  return `shard ${shard}${shard === 1 ? ' (its node was killed)' : ''}: ${sorted.length} enqueues, median ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`;
}
