import { TestShard } from './testing/test-shard.ts';

/**
 * The mistakes that queues make, one test each. DESIGN.md lists the guard behind every one of them,
 * and what was seen when that guard was taken out.
 */

it('ack after expiry: the receipt of a delivery that is over acks nothing', () => {
  const shard = new TestShard();
  shard.enqueue('q', { value: 'A' });
  const [first] = shard.take('q');
  shard.pass(30_000);
  expect(shard.ack(first!)).toBe('stale');
  const [second] = shard.take('q');
  expect(shard.ack(first!)).toBe('stale');
  expect(shard.ack(second!)).toBe('acked');
});

it('nack order: A-B-C does not become B-C-A', () => {
  const shard = new TestShard();
  shard.enqueue('q', { value: 'A' }, { value: 'B' }, { value: 'C' });
  shard.nack(shard.take('q')[0]!);
  expect(shard.take('q', { max: 3 }).map((one) => one.value)).toEqual(['A', 'B', 'C']);
});

it('nack order within a key: the back-off of the head holds the ones behind it', () => {
  const shard = new TestShard();
  shard.define('q', { backoff: { baseMs: 100, maxMs: 1_000 } });
  shard.enqueue('q', { key: 'k', value: 'A' }, { key: 'k', value: 'B' });
  shard.nack(shard.take('q')[0]!);
  expect(shard.take('q', { max: 2 })).toEqual([]);
  shard.pass(100);
  expect(shard.take('q', { max: 2 }).map((one) => one.value)).toEqual(['A']);
});

it('a poison message: it is given up after so many deliveries, and the next one comes', () => {
  const shard = new TestShard();
  shard.define('q', { maxDeliveries: 3 });
  shard.enqueue('q', { key: 'k', value: 'poison' }, { key: 'k', value: 'good' });
  for (let i = 0; i < 3; i++) shard.nack(shard.take('q')[0]!);
  expect(shard.take('q')).toMatchObject([{ value: 'good' }]);
  expect(shard.take('q.dlq')).toMatchObject([{ value: 'poison' }]);
});

it('groups around an invisible head: it is out in its own group only', () => {
  const shard = new TestShard();
  shard.define('q', { groups: ['x', 'y'] });
  shard.enqueue('q', { key: 'k', value: '1' }, { key: 'k', value: '2' });
  shard.take('q', { group: 'x' });
  expect(shard.take('q', { group: 'x' })).toEqual([]);
  const [one] = shard.take('q', { group: 'y' });
  shard.ack(one!);
  expect(shard.take('q', { group: 'y' })).toMatchObject([{ value: '2' }]);
  expect(shard.take('q', { group: 'x' })).toEqual([]);
});

it('in flight above the maximum: what was out before a snapshot counts after it', () => {
  const shard = new TestShard();
  shard.enqueue('q', { value: '1' }, { value: '2' }, { value: '3' });
  shard.take('q', { max: 2, inFlightMax: 2 });
  shard.restart();
  expect(shard.take('q', { inFlightMax: 2 })).toEqual([]);
  expect(shard.take('q', { inFlightMax: 3 })).toHaveLength(1);
});

it('dedup after a restart: an id is known for five minutes, acked or not, and then no more', () => {
  const shard = new TestShard();
  const enqueue = () => shard.enqueue('q', { value: '1', dedupId: 'd' });
  enqueue();
  shard.ack(shard.take('q')[0]!);
  shard.restart();
  shard.pass(299_999);
  expect(enqueue()).toMatchObject({ messages: [{ duplicate: true }] });
  shard.pass(1);
  shard.restart();
  expect(enqueue()).toMatchObject({ messages: [{ duplicate: false }] });
});

it('a thousand parked consumers on a killed node: nothing is hidden, nothing is counted', () => {
  const shard = new TestShard().through('dead');
  shard.define('q', { maxDeliveries: 1 });
  for (let i = 0; i < 1_000; i++) shard.dequeue('q', { waitMs: 60_000 });
  const messages = Array.from({ length: 600 }, (_, i) => ({ value: `${i}` }));
  shard.through('alive').enqueue('q', ...messages);
  expect(shard.eventsOf('wait-served')).toHaveLength(600);
  shard.restart();
  shard.loseNode('dead');
  expect(shard.machine.state.waits.size).toBe(0);
  const got = shard.take('q', { max: 1_000 });
  expect(got.map(({ value }) => value)).toEqual(messages.map(({ value }) => value));
  expect(new Set(got.map(({ deliveries }) => deliveries))).toEqual(new Set([1]));
});

it('a killed node: what it had answered stays with its consumers', () => {
  const shard = new TestShard().through('dead');
  shard.enqueue('q', { value: 'answered' }, { value: 'not answered' });
  const [answered] = shard.take('q');
  shard.apply({ kind: 'confirm', upTo: shard.index as never });
  shard.take('q');
  shard.through('alive').loseNode('dead');
  expect(shard.take('q', { max: 2 }).map((one) => one.value)).toEqual(['not answered']);
  expect(shard.ack(answered!)).toBe('acked');
});

it('a new life of a node: who waited through the former one takes nothing', () => {
  const shard = new TestShard().through('n', 1);
  shard.define('q', {});
  shard.dequeue('q', { waitMs: 60_000 });
  shard.through('n', 2).notice({ kind: 'node-started', node: 'n' as never, incarnation: 2 });
  shard.enqueue('q', { value: 'm' });
  expect(shard.take('q')).toMatchObject([{ value: 'm', deliveries: 1 }]);
});

it('a delayed message does not overtake: it holds its key until it is due', () => {
  const shard = new TestShard();
  shard.enqueue('q', { key: 'k', value: 'late', delayMs: 100 }, { key: 'k', value: 'after' });
  shard.enqueue('q', { value: 'free' });
  expect(shard.take('q', { max: 3 }).map((one) => one.value)).toEqual(['free']);
  shard.pass(100);
  const [late] = shard.take('q', { max: 3 });
  expect(late).toMatchObject({ value: 'late' });
  shard.ack(late!);
  expect(shard.take('q', { max: 3 }).map((one) => one.value)).toEqual(['after']);
});

it('purge with messages in flight: they are gone, and their receipts with them', () => {
  const shard = new TestShard();
  shard.define('q', { maxDeliveries: 1, visibilityMs: 10 });
  shard.enqueue('q', { value: 'in flight' }, { value: 'waiting' });
  const [out] = shard.take('q');
  shard.apply({ kind: 'purge', queue: 'q' });
  shard.enqueue('q', { value: 'new' });
  expect(shard.ack(out!)).toBe('not-found');
  shard.pass(10);
  expect(shard.take('q', { max: 9 }).map((one) => one.value)).toEqual(['new']);
  expect(shard.take('q.dlq')).toEqual([]);
});

it('a queue deleted while someone waits: they are told, and a new one begins empty', () => {
  const shard = new TestShard();
  shard.enqueue('q', { value: 'old' });
  const [out] = shard.take('q');
  shard.dequeue('q', { waitMs: 60_000 });
  shard.apply({ kind: 'delete', queue: 'q' });
  expect(shard.eventsOf('wait-over')).toMatchObject([{ why: 'queue-deleted' }]);
  shard.enqueue('q', { value: 'new' });
  expect(shard.ack(out!)).toBe('not-found');
  expect(shard.take('q', { max: 9 }).map((one) => one.value)).toEqual(['new']);
  shard.pass(0);
  expect(shard.machine.state.queues.size).toBe(1);
});
