import { TestShard } from './testing/test-shard.ts';

const batch = (count: number, more: object = {}) =>
  Array.from({ length: count }, (_, i) => ({ value: `${i}`, ...more }));

/** How many entries of the clock it takes until nothing is due. */
function entriesUntilCalm(shard: TestShard): number {
  for (let entries = 0; entries < 1_000; entries++) {
    if ((shard.machine.nextDeadline() ?? Infinity) > shard.atMs) return entries;
    shard.notice({ kind: 'clock' });
  }
  throw new Error('what is due never ends');
}

describe('a group that is removed', () => {
  function shardWithout(group: string): TestShard {
    const shard = new TestShard();
    shard.define('q', { groups: ['kept', 'removed'] });
    shard.enqueue('q', ...batch(1_000));
    shard.enqueue('q', ...batch(1_000));
    shard.enqueue('q', ...batch(500));
    shard.take('q', { group: 'kept', max: 1 });
    const taken = shard.take('q', { group, max: 2 });
    shard.define('q', { groups: ['kept'] });
    expect(shard.ack(taken[0]!)).toBe('not-found');
    return shard;
  }

  it('is given nothing any more at once, and leaves the messages in steps', () => {
    const shard = shardWithout('removed');
    expect(shard.dequeue('q', { group: 'removed' })).toMatchObject({ kind: 'not-found' });
    expect(entriesUntilCalm(shard)).toBe(3);
    const slots = [...shard.machine.state.messages.values()].map((one) => one.slots.length);
    expect(new Set(slots)).toEqual(new Set([1]));
  });

  it('leaves alike on a node that was restored in between', () => {
    const shard = shardWithout('removed');
    shard.notice({ kind: 'clock' });
    shard.fork();
    entriesUntilCalm(shard);
    expect(shard.snapshot(shard.twin)).toEqual(shard.snapshot());
  });

  it('is another group when it comes back, and starts from then', () => {
    const shard = shardWithout('removed');
    shard.define('q', { groups: ['kept', 'removed'] });
    expect(shard.take('q', { group: 'removed' })).toEqual([]);
    shard.enqueue('q', { value: 'new' });
    expect(shard.take('q', { group: 'removed' })).toMatchObject([{ value: 'new' }]);
  });

  it('makes no dead letters of what it had in flight', () => {
    const shard = new TestShard();
    shard.define('q', { groups: ['kept', 'removed'], maxDeliveries: 1, visibilityMs: 10 });
    shard.enqueue('q', ...batch(1_500));
    shard.take('q', { group: 'removed', max: 1_000 });
    shard.define('q', { groups: ['kept'] });
    shard.pass(20);
    expect(shard.eventsOf('dead-lettered')).toEqual([]);
  });

  it('shows one moment in a snapshot that is read while its messages are swept', () => {
    const shard = shardWithout('removed');
    const before = shard.snapshot();
    shard.restart(() => shard.pass(0));
    expect(shard.snapshot()).toEqual(before);
    expect(entriesUntilCalm(shard)).toBe(3);
  });
});

it('sweeps on where a snapshot stood, although that message ended while it was read', () => {
  const shard = new TestShard();
  shard.define('q', { groups: ['kept', 'removed'] });
  shard.enqueue('q', ...batch(1_000));
  shard.enqueue('q', { value: 'short', ttlMs: 10 }, { value: 'long' });
  shard.take('q', { group: 'kept', max: 1_000 });
  shard.define('q', { groups: ['kept'] });
  shard.notice({ kind: 'clock' });
  expect(shard.machine.state.byName.get('q')!.sweep!.value).toBe('short');
  const before = shard.snapshot();
  shard.restart(() => {
    shard.atMs = 20;
    expect(shard.take('q', { group: 'kept' })).toMatchObject([{ value: 'long' }]);
  });
  expect(shard.snapshot()).toEqual(before);
});

describe('a redrive', () => {
  /** Dead letters of `q` behind as many messages that never were letters. */
  function shardWithLetters(letters: number, others: number): TestShard {
    const shard = new TestShard();
    shard.define('q', { maxDeliveries: 1 });
    shard.enqueue('q.dlq', ...batch(others));
    shard.enqueue('q', ...batch(letters));
    for (const one of shard.take('q', { max: letters })) shard.nack(one);
    return shard;
  }

  it('looks at a bounded number of messages, and says where to go on', () => {
    const shard = shardWithLetters(300, 1_200);
    const first = shard.redrive('q.dlq');
    expect(first).toMatchObject({ moved: 0, more: true });
    if (first.kind !== 'redriving') throw new Error(first.kind);
    expect(shard.redrive('q.dlq', first.after, first.upTo)).toMatchObject({
      moved: 300,
      more: false,
    });
  });

  it('goes on from the front when the message it stopped at is gone', () => {
    const shard = shardWithLetters(300, 1_200);
    const first = shard.redrive('q.dlq');
    if (first.kind !== 'redriving') throw new Error(first.kind);
    const taken = shard.take('q.dlq', { max: 1_000 });
    for (const one of taken) shard.ack(one);
    expect(shard.redrive('q.dlq', first.after, first.upTo)).toMatchObject({ moved: 300 });
  });

  it('leaves alone what became a dead letter while it went on', () => {
    const shard = shardWithLetters(2, 0);
    const first = shard.redrive('q.dlq');
    if (first.kind !== 'redriving') throw new Error(first.kind);
    for (const one of shard.take('q', { max: 2 })) shard.nack(one);
    expect(shard.redrive('q.dlq', first.after, first.upTo)).toMatchObject({
      moved: 0,
      more: false,
    });
  });
});

it('answers a deq with no more bytes than asked for, but with one message at least', () => {
  const shard = new TestShard();
  const value = 'x'.repeat(1_000);
  shard.enqueue('q', { value }, { value }, { value: value.repeat(5) }, { value });
  expect(shard.take('q', { max: 10, bytesMax: 2_500 })).toHaveLength(2);
  expect(shard.take('q', { max: 10, bytesMax: 2_500 })).toHaveLength(1);
});

it('gives one who waits no more bytes either', () => {
  const shard = new TestShard();
  shard.define('q', {});
  const value = 'x'.repeat(1_000);
  shard.dequeue('q', { max: 10, bytesMax: 2_500, waitMs: 1_000 });
  shard.enqueue('q', { value }, { value }, { value });
  expect(shard.eventsOf('wait-served')[0]!.messages).toHaveLength(2);
});

it('purges a bounded number per entry', () => {
  const shard = new TestShard();
  shard.enqueue('q', ...batch(2_500));
  shard.apply({ kind: 'purge', queue: 'q' });
  expect(shard.take('q')).toEqual([]);
  expect(entriesUntilCalm(shard)).toBe(3);
});

describe('what is full', () => {
  const roomy = {
    queueMessagesMax: 1e6,
    queueBytesMax: 1e6,
    shardMessagesMax: 1e6,
    shardBytesMax: 1e6,
    shardDedupIdsMax: 1e6,
    shardQueuesMax: 1e6,
  };
  const full = (
    limits: Partial<typeof roomy>,
    message: object = {},
    queue = 'q',
    shard = new TestShard(),
  ) => {
    shard.enqueue('q', { value: '"1234567890"', dedupId: 'seen' });
    const messages = [{ value: '"1234567890"', ...message }];
    const command = { kind: 'enqueue', queue, messages, wallMs: 0 } as const;
    return shard.apply({ ...command, limits: { ...roomy, ...limits } }).kind === 'full';
  };

  it.each([
    ['messages of the queue', { queueMessagesMax: 1 }, {}],
    ['messages of the node', { shardMessagesMax: 1 }, {}],
    ['bytes of the queue', { queueBytesMax: 23 }, {}],
    ['bytes of the node', { shardBytesMax: 23 }, {}],
    ['keys', { shardBytesMax: 24 }, { key: 'k' }],
    ['headers', { shardBytesMax: 24 }, { headers: { a: '' } }],
    ['characters that take two bytes', { shardBytesMax: 35 }, { value: '"😀90"' }],
    ['dedup ids', { shardDedupIdsMax: 1 }, { dedupId: 'new' }],
  ])('refuses beyond its %s', (_, limits, message) => {
    expect(full(limits, message)).toBe(!('value' in message));
    const [name] = Object.keys(limits) as (keyof typeof roomy)[];
    expect(full({ [name!]: 1e6 }, message)).toBe(false);
  });

  it('refuses a further queue, and no message to those there are', () => {
    expect(full({ shardQueuesMax: 1 }, {}, 'another')).toBe(true);
    expect(full({ shardQueuesMax: 1 }, {}, 'q')).toBe(false);
  });

  it('counts letters on their way to another shard', () => {
    const shard = new TestShard({ shard: 0, shardOf: (queue) => (queue === 'far' ? 1 : 0) });
    shard.define('p', { maxDeliveries: 1, deadLetterQueue: 'far' });
    shard.enqueue('p', { value: '"1234567890"' });
    shard.nack(shard.take('p')[0]!);
    expect(shard.machine.state.messages.size).toBe(0);
    expect(full({ shardMessagesMax: 2 }, {}, 'q', shard)).toBe(true);
    expect(shard.machine.state.size).toBe(24);
    shard.restart();
    expect(shard.machine.state.size).toBe(24);
  });
});
