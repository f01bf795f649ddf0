import { parseReceipt } from './message-id.ts';
import { TestShard } from './testing/test-shard.ts';

const valuesOf = (shard: TestShard, max: number): readonly string[] =>
  shard.take('q', { max }).map((one) => one.value);

it('gives no later message of a key while an earlier one is out', () => {
  const shard = new TestShard();
  shard.enqueue('q', { key: 'k', value: '1' }, { key: 'k', value: '2' }, { value: 'free' });
  expect(valuesOf(shard, 3)).toEqual(['1', 'free']);
});

it('offers heads by priority, but within a key order is order', () => {
  const shard = new TestShard();
  shard.enqueue('q', { key: 'k', value: 'first' }, { key: 'k', value: 'urgent', priority: 9 });
  shard.enqueue('q', { value: 'rather', priority: 5 });
  expect(valuesOf(shard, 3)).toEqual(['rather', 'first']);
});

it('gives by receipts what a message name cannot say', () => {
  const shard = new TestShard();
  shard.define('q', { groups: ['x', 'y'] });
  shard.enqueue('q', { value: 'm' });
  const [x] = shard.take('q', { group: 'x' });
  const [y] = shard.take('q', { group: 'y' });
  const name = parseReceipt(x!.receipt)!;
  const message = { shard: name.shard, queue: name.queue, sequence: name.sequence };
  expect(shard.apply({ kind: 'ack-message', message })).toEqual({ kind: 'receipt-required' });
  expect(shard.ack(x!)).toBe('acked');
  expect(shard.apply({ kind: 'ack-message', message })).toMatchObject({ kind: 'acked' });
  expect(shard.ack(y!)).toBe('not-found');
});
