import type { LogIndex, Outcome } from '@quorate/raft';
import type { QueueCommand, QueueReply } from '../state-machine/commands.ts';
import { TestShard } from '../state-machine/testing/test-shard.ts';
import { batchBytesMax, Courier, lettersMax } from './courier.ts';
import type { Shard } from './shard.ts';

const shardOf = (queue: string): number => (queue.startsWith('far') ? 1 : 0);

/** What becomes of one proposal. */
type Fate = 'applied' | 'refused' | 'lost' | 'applied, not answered';
const fates: readonly Fate[] = ['applied', 'refused', 'lost', 'applied, not answered'];

/**
 * Two shards whose leaders may crash at any proposal of the courier: before it is in the log, or after
 * it was applied and before anybody was told. Then another node leads, whose state is the log's and
 * whose courier has forgotten everything.
 */
class TwoShards {
  readonly near = new TestShard({ shard: 0, shardOf });
  readonly far = new TestShard({ shard: 1, shardOf });
  readonly carried: QueueCommand[] = [];
  readonly #fates: Fate[];
  leads = true;

  constructor(...what: readonly Fate[]) {
    this.#fates = [...what];
  }

  async run(): Promise<void> {
    await new Courier([this.#shard(0, this.near), this.#shard(1, this.far)]).run(0);
  }

  #shard(number: number, shard: TestShard): Shard {
    const status = () => ({ role: this.leads ? 'leader' : 'follower' });
    const propose = (command: QueueCommand) => Promise.resolve(this.#meet(shard, command));
    const group = { status };
    return {
      number,
      group,
      propose,
      get state() {
        return shard.machine.state;
      },
    } as unknown as Shard;
  }

  #meet(shard: TestShard, command: QueueCommand): Outcome<QueueReply> {
    this.carried.push(command);
    const fate = this.#fates.shift() ?? 'applied';
    if (fate === 'refused') return { kind: 'refused', why: 'no-leader' };
    if (fate !== 'lost') {
      const reply = shard.apply(command);
      if (fate === 'applied') return { kind: 'applied', reply, index: shard.index as LogIndex };
    }
    // Its leader crashed: another takes over, with what the log says.
    shard.restart();
    return { kind: 'unknown' };
  }
}

function giveUp(near: TestShard, count: number, value = (i: number) => `${i}`): void {
  near.define('q', { maxDeliveries: 1, deadLetterQueue: 'far' });
  for (let i = 0; i < count; i++) near.enqueue('q', { value: value(i) });
  for (const one of near.take('q', { max: count })) near.nack(one);
}

const valuesAt = (shard: TestShard, queue: string): readonly string[] =>
  shard.take(queue, { max: 1_000 }).map((one) => one.value);

const threeFates = fates.flatMap((a) =>
  fates.flatMap((b) => fates.map((c): [Fate, Fate, Fate] => [a, b, c])),
);

it.each(threeFates)(
  'brings each letter once, in order, when its proposals are %s, %s and %s',
  async (...what) => {
    const shards = new TwoShards(...what);
    giveUp(shards.near, 3);
    for (let attempt = 0; attempt < 5; attempt++) await shards.run();
    expect(valuesAt(shards.far, 'far')).toEqual(['0', '1', '2']);
    expect(shards.near.machine.state.outbox.size).toBe(0);
    // What is given up later goes on with the next number.
    giveUp(shards.near, 2);
    for (let attempt = 0; attempt < 3; attempt++) await shards.run();
    expect(valuesAt(shards.far, 'far')).toEqual(['0', '1']);
  },
);

it.each(threeFates)(
  'brings a redriven letter back once when the proposals are %s, %s and %s',
  async (...what) => {
    const shards = new TwoShards('applied', 'applied', ...what);
    giveUp(shards.near, 2);
    await shards.run();
    shards.far.redrive('far');
    for (let attempt = 0; attempt < 5; attempt++) await shards.run();
    expect(valuesAt(shards.near, 'q')).toEqual(['0', '1']);
    expect(valuesAt(shards.far, 'far')).toEqual([]);
    expect(shards.far.machine.state.outbox.size).toBe(0);
  },
);

it('carries nothing for a shard that another node leads', async () => {
  const shards = new TwoShards();
  giveUp(shards.near, 1);
  shards.leads = false;
  await shards.run();
  expect(shards.carried).toEqual([]);
});

it('carries batches that are bounded in number', async () => {
  const shards = new TwoShards();
  giveUp(shards.near, 250);
  await shards.run();
  expect(sizes(shards)).toEqual([lettersMax, lettersMax, 50]);
  expect(valuesAt(shards.far, 'far')).toHaveLength(250);
});

it('carries batches that are bounded in bytes, of one letter at least', async () => {
  const shards = new TwoShards();
  giveUp(shards.near, 3, (i) => 'x'.repeat(i === 1 ? 2 * batchBytesMax : batchBytesMax / 2));
  await shards.run();
  expect(sizes(shards)).toEqual([1, 1, 1]);
});

it('gives a letter back to the dead when the group it is redriven to is gone', async () => {
  const shards = new TwoShards();
  shards.near.define('q', { maxDeliveries: 1, deadLetterQueue: 'far', groups: ['g', 'h'] });
  shards.near.enqueue('q', { value: 'm' });
  shards.near.nack(shards.near.take('q', { group: 'g' })[0]!);
  await shards.run();
  shards.near.define('q', { groups: ['h'] });
  shards.far.redrive('far');
  for (let attempt = 0; attempt < 3; attempt++) await shards.run();
  expect(valuesAt(shards.far, 'far')).toEqual(['m']);
});

const sizes = ({ carried }: TwoShards): readonly number[] =>
  carried.flatMap((one) => (one.kind === 'accept-letters' ? [one.letters.length] : []));
