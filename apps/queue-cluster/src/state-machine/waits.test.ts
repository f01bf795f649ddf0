import { TestShard } from './testing/test-shard.ts';

const waiting = { waitMs: 60_000 };

function shardWithWaits(count: number): TestShard {
  const shard = new TestShard();
  shard.define('q', { visibilityMs: 30_000 });
  for (let i = 0; i < count; i++) shard.dequeue('q', waiting);
  return shard;
}

const batch = (count: number) => Array.from({ length: count }, (_, i) => ({ value: `${i}` }));

it('wakes exactly as many as it can serve, in the order in which they came', () => {
  const shard = shardWithWaits(3);
  shard.enqueue('q', ...batch(2));
  expect(shard.eventsOf('wait-served').map(({ wait }) => wait.number)).toEqual([1, 2]);
  expect(shard.machine.state.waits.size).toBe(1);
});

it('serves one group in the entry in which another found out that a message is over', () => {
  const shard = new TestShard();
  shard.define('q', { groups: ['y', 'x'] });
  shard.enqueue('q', { value: 'any' });
  shard.enqueue('q', { key: 'k', value: 'over', ttlMs: 10 }, { key: 'k', value: 'next' });
  const [anyOfX] = shard.take('q', { group: 'x' });
  const [anyOfY, over] = shard.take('q', { group: 'y', max: 2 });
  shard.ack(anyOfY!);
  shard.nack(over!, 1_000);
  shard.dequeue('q', { ...waiting, group: 'y' });
  shard.dequeue('q', { ...waiting, group: 'x', inFlightMax: 1 });
  shard.atMs = 20;
  // Room for x, which only now finds its head expired; that frees the next of the key for y too.
  shard.ack(anyOfX!);
  const served = shard.eventsOf('wait-served').flatMap(({ messages }) => messages);
  expect(served.map(({ group, value }) => `${group} ${value}`)).toEqual(['x next', 'y next']);
  expect(shard.machine.state.stirred.size).toBe(0);
});

it('does a bounded part per entry, and the rest in the next ones', () => {
  const shard = shardWithWaits(1_500);
  shard.enqueue('q', ...batch(1_500));
  expect(shard.eventsOf('wait-served')).toHaveLength(1_000);
  expect(shard.machine.nextDeadline()).toBeLessThanOrEqual(shard.atMs);
  shard.notice({ kind: 'clock' });
  expect(shard.eventsOf('wait-served')).toHaveLength(500);
  expect(shard.machine.state.waits.size).toBe(0);
});

it('goes on alike on a node that was restored in between', () => {
  const shard = shardWithWaits(1_500);
  shard.enqueue('q', ...batch(1_500));
  shard.fork();
  shard.enqueue('other', { value: 'any entry' });
  expect(shard.machine.state.waits.size).toBe(0);
  expect(shard.snapshot(shard.twin)).toEqual(shard.snapshot());
});

it('looks no further than its share for one who waits behind what has expired', () => {
  const shard = new TestShard();
  shard.enqueue('q', ...batch(1_500).map((one) => ({ ...one, ttlMs: 10 })));
  shard.enqueue('q', { value: 'lasting' });
  shard.atMs = 20;
  shard.dequeue('q', waiting);
  shard.fork();
  shard.enqueue('other', { value: 'any entry' });
  const [served] = shard.eventsOf('wait-served');
  expect(served?.messages.map(({ value }) => value)).toEqual(['lasting']);
});

it('ends a wait for the caller who asked last, not for one who was superseded', () => {
  const shard = new TestShard();
  shard.define('q', {});
  const first = shard.dequeueCommand('q', waiting);
  shard.request('r', first);
  const wait = { node: 'n1', incarnation: 1, number: first.waitNumber };
  const second = shard.dequeueCommand('q', waiting);
  shard.through('n2').request('r', second);
  shard.through('n1').apply({ kind: 'cancel-wait', wait, asker: first.waitNumber });
  expect(shard.machine.state.waits.size).toBe(1);
  shard.through('n2').apply({ kind: 'cancel-wait', wait, asker: second.waitNumber });
  expect(shard.machine.state.waits.size).toBe(0);
});

it('tells apart two who asked through the same node', () => {
  const shard = new TestShard();
  shard.define('q', {});
  const first = shard.dequeueCommand('q', waiting);
  shard.request('r', first);
  shard.request('r', shard.dequeueCommand('q', waiting));
  const wait = { node: 'n1', incarnation: 1, number: first.waitNumber };
  shard.apply({ kind: 'cancel-wait', wait, asker: first.waitNumber });
  expect(shard.machine.state.waits.size).toBe(1);
});

it('makes a queue of a name for those who wait in it, not for those who only look', () => {
  const shard = new TestShard();
  expect(shard.take('q')).toEqual([]);
  expect(shard.dequeue('q', { group: 'nobody' })).toEqual({ kind: 'not-found', what: 'group' });
  expect(shard.dequeue('q', { ...waiting, group: 'nobody' })).toMatchObject({ kind: 'not-found' });
  expect(shard.machine.state.byName.has('q')).toBe(false);
  expect(shard.dequeue('q', waiting)).toMatchObject({ kind: 'waiting' });
  expect(shard.machine.state.byName.has('q')).toBe(true);
});

it('tells whoever waits on a queue that it was deleted, also when asked again', () => {
  const shard = new TestShard();
  shard.define('q', {});
  const command = { ...waiting, rememberMs: 120_000 };
  shard.request('r', shard.dequeueCommand('q', command));
  shard.apply({ kind: 'delete', queue: 'q' });
  expect(shard.eventsOf('wait-over')).toMatchObject([{ why: 'queue-deleted' }]);
  expect(shard.request('r', shard.dequeueCommand('q', command))).toEqual({
    kind: 'not-found',
    what: 'queue',
  });
});
