import { deadLetterCycle } from './dead-letter-cycle.ts';
import { TestShard } from './testing/test-shard.ts';

describe('dead letters that would come back', () => {
  it('refuses a queue that would be its own dead-letter queue', () => {
    const shard = new TestShard();
    expect(shard.define('q', { deadLetterQueue: 'q' })).toEqual({
      kind: 'dead-letter-cycle',
      queues: ['q', 'q'],
    });
    expect(shard.machine.state.byName.has('q')).toBe(false);
  });

  it('refuses the last link of a longer circle, whichever that is', () => {
    const shard = new TestShard();
    shard.define('a', { deadLetterQueue: 'b' });
    shard.define('b', { deadLetterQueue: 'c' });
    expect(shard.define('c', { deadLetterQueue: 'a' })).toMatchObject({
      queues: ['c', 'a', 'b', 'c'],
    });
    shard.define('c', { deadLetterQueue: 'a', maxDeliveries: 0 });
    expect(shard.define('c', { maxDeliveries: 5 })).toMatchObject({ kind: 'dead-letter-cycle' });
  });

  it('refuses to lead into a circle that is there already', () => {
    const settings = { maxDeliveries: 1, deadLetterQueue: 'b' };
    const lookUp = (queue: string) => (queue === 'a' ? settings : { ...settings });
    expect(deadLetterCycle('a', lookUp)).toEqual(['a', 'b', 'b']);
  });

  it('takes a queue that gives nothing up for the end', () => {
    const shard = new TestShard();
    expect(shard.define('q', { deadLetterQueue: 'q', maxDeliveries: 0 }).kind).toBe('defined');
    expect(shard.define('p', { deadLetterQueue: 'q' }).kind).toBe('defined');
    expect(shard.define('x.dlq', {}).kind).toBe('defined');
  });

  it('refuses a chain that is longer than anybody needs', () => {
    const next = (queue: string) => ({ maxDeliveries: 1, deadLetterQueue: `${queue}x` });
    expect(deadLetterCycle('q', next)).toHaveLength(17);
  });
});

it('moves a poison message aside in the entry that gives it up, with all that is known of it', () => {
  const shard = new TestShard();
  shard.define('q', { maxDeliveries: 2, groups: ['g'] });
  shard.enqueue(
    'q',
    { key: 'k', value: 'poison', headers: { a: 'b' } },
    { key: 'k', value: 'next' },
  );
  shard.nack(shard.take('q', { group: 'g' })[0]!);
  const [last] = shard.take('q', { group: 'g' });
  expect(shard.nack(last!, undefined, 'it cannot be')).toEqual({
    kind: 'nacked',
    deadLettered: true,
  });
  expect(shard.take('q', { group: 'g' })).toMatchObject([{ value: 'next' }]);
  expect(shard.take('q.dlq')).toMatchObject([
    {
      value: 'poison',
      key: 'k',
      headers: { a: 'b' },
      deliveries: 1,
      dead: {
        queue: 'q',
        group: 'g',
        msgId: last!.msgId,
        deliveries: 2,
        reason: 'nacked',
        lastError: 'it cannot be',
      },
    },
  ]);
});

it('counts a consumer that vanished as a failed delivery', () => {
  const shard = new TestShard();
  shard.define('q', { maxDeliveries: 1, visibilityMs: 10 });
  shard.enqueue('q', { value: 'poison' });
  shard.take('q');
  shard.pass(10);
  expect(shard.take('q.dlq')).toMatchObject([{ dead: { reason: 'lease-expired' } }]);
});

it('brings a letter back to the group that gave it up, and to no other', () => {
  const shard = new TestShard();
  shard.define('q', { groups: ['x', 'y'], maxDeliveries: 1 });
  shard.enqueue('q', { value: 'm' });
  shard.nack(shard.take('q', { group: 'x' })[0]!);
  shard.ack(shard.take('q', { group: 'y' })[0]!);
  shard.redrive('q.dlq');
  expect(shard.take('q', { group: 'y' })).toEqual([]);
  expect(shard.take('q', { group: 'x' })).toMatchObject([{ value: 'm', dead: undefined }]);
});

describe('a time to live that ends', () => {
  const expired = (shard: TestShard): number =>
    shard.eventsOf('expired').reduce((sum, { messages }) => sum + messages, 0);

  it('is told once, although one group had the message in flight and another had not', () => {
    const shard = new TestShard();
    shard.define('q', { groups: ['x', 'y'], visibilityMs: 50 });
    shard.enqueue('q', { value: 'm', ttlMs: 10 });
    shard.take('q', { group: 'x' });
    shard.pass(20);
    shard.restart();
    shard.pass(50);
    expect(expired(shard)).toBe(1);
    expect(shard.machine.state.messages.size).toBe(0);
  });

  it('is told once for two groups that let it run out', () => {
    const shard = new TestShard();
    shard.define('q', { groups: ['x', 'y'], visibilityMs: 50 });
    shard.enqueue('q', { value: 'm', ttlMs: 10 });
    shard.take('q', { group: 'x' });
    shard.take('q', { group: 'y' });
    shard.pass(60);
    expect(expired(shard)).toBe(1);
  });

  it('is not told of a message that its consumer acked after all', () => {
    const shard = new TestShard();
    shard.define('q', { visibilityMs: 50 });
    shard.enqueue('q', { value: 'm', ttlMs: 10 });
    const [one] = shard.take('q');
    shard.pass(20);
    expect(shard.ack(one!)).toBe('acked');
    shard.pass(60);
    expect(expired(shard)).toBe(0);
  });

  it('is told once when the message comes back before the clock has noticed', () => {
    const shard = new TestShard();
    shard.define('q', { groups: ['x', 'y'] });
    shard.enqueue('q', { value: 'm', ttlMs: 10 });
    const [one] = shard.take('q', { group: 'x' });
    shard.atMs = 20;
    shard.nack(one!);
    shard.fork();
    shard.pass(0);
    expect(expired(shard)).toBe(1);
    expect(shard.machine.state.messages.size).toBe(0);
  });
});
