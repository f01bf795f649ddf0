import { parseReceipt } from './message-id.ts';
import { restored, TestShard } from './testing/test-shard.ts';

const oneShard = { shard: 0, shardOf: () => 0 };
const receiptOf = (shard: TestShard, queue: string, group?: string) => {
  const reply = shard.dequeue(queue, { group });
  if (reply.kind !== 'delivered') throw new Error(reply.kind);
  return parseReceipt(reply.messages[0]!.receipt)!;
};

it('shows one moment of a key: an ack while the snapshot is read does not let the next one out', () => {
  const shard = new TestShard();
  shard.enqueue('q', { value: '1', key: 'k' }, { value: '2', key: 'k' });
  const receipt = receiptOf(shard, 'q');
  const reading = shard.machine.snapshot()[Symbol.iterator]();
  shard.apply({ kind: 'ack', receipts: [receipt] });
  const pieces: Uint8Array[] = [];
  for (let next = reading.next(); next.done !== true; next = reading.next())
    pieces.push(next.value);
  const states = [...restored(pieces, oneShard).state.messages.values()].map(
    (message) => message.slots[0]!.state,
  );
  expect(states).toEqual(['in-flight', 'blocked']);
});

it('makes no dead letter of a message that was purged before its lease ended', () => {
  const shard = new TestShard();
  shard.define('q', { maxDeliveries: 1, visibilityMs: 10 });
  shard.enqueue('q', { value: 'purged' });
  receiptOf(shard, 'q');
  // Its lease is over, but the clock's entry comes after the purge.
  shard.atMs = 20;
  shard.apply({ kind: 'purge', queue: 'q' });
  shard.pass(0);
  expect(shard.takeEvents().map((event) => event.kind)).not.toContain('dead-lettered');
  expect(shard.machine.state.messages.size).toBe(0);
});

it('leaves a message in the hands of one group when another finds its time to live over', () => {
  const shard = new TestShard();
  shard.define('q', { groups: ['x', 'y'] });
  shard.enqueue('q', { value: 'late', ttlMs: 10 });
  const receipt = receiptOf(shard, 'q', 'x');
  shard.atMs = 20;
  shard.dequeue('q', { group: 'y' });
  expect(shard.apply({ kind: 'ack', receipts: [receipt] })).toEqual({
    kind: 'acked',
    results: ['acked'],
  });
});

it('walks the groups in one order, whether they were changed or restored', () => {
  const shard = new TestShard();
  shard.define('q', { groups: ['a', 'b'] });
  shard.define('q', { groups: ['c', 'a'] });
  const names = () => [...shard.machine.state.byName.get('q')!.groups.keys()];
  const before = names();
  shard.restart();
  expect(names()).toEqual(before);
});
