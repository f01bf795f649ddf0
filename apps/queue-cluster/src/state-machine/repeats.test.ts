import { replyCodec } from './reply-codec.ts';
import { deliveredBy, TestShard, type Dequeue } from './testing/test-shard.ts';

const waiting = { waitMs: 60_000, rememberMs: 120_000 };

describe('a deq that is repeated', () => {
  const ask = (shard: TestShard, options: Partial<Dequeue> = {}) =>
    shard.request('r', shard.dequeueCommand('q', { rememberMs: 120_000, ...options }));

  it('is given the same messages under the same receipts', () => {
    const shard = new TestShard();
    shard.enqueue('q', { value: 'a' }, { value: 'b' });
    const first = deliveredBy(ask(shard, { max: 2 }));
    expect(deliveredBy(ask(shard, { max: 2 }))).toEqual(first);
  });

  it('is given no receipt that is stale: only what is still out to it', () => {
    const shard = new TestShard();
    shard.enqueue('q', { value: 'acked' }, { value: 'nacked' }, { value: 'out' });
    const [acked, nacked, out] = deliveredBy(ask(shard, { max: 3 }));
    shard.ack(acked!);
    shard.nack(nacked!);
    expect(deliveredBy(ask(shard, { max: 3 }))).toEqual([out]);
    // Out again, but to somebody else.
    shard.take('q');
    expect(deliveredBy(ask(shard, { max: 3 }))).toEqual([out]);
  });

  it('is answered by the node it came to last, whose death returns the messages', () => {
    const shard = new TestShard();
    shard.enqueue('q', { value: 'a' });
    ask(shard);
    shard.through('n2');
    ask(shard);
    shard.through('n3').loseNode('n1');
    expect(shard.take('q')).toEqual([]);
    shard.loseNode('n2');
    expect(shard.take('q')).toMatchObject([{ value: 'a', deliveries: 1 }]);
  });

  it('finds its wait under the first name although its node was gone, and is served once', () => {
    const shard = new TestShard();
    shard.define('q', {});
    expect(ask(shard, waiting)).toMatchObject({ kind: 'waiting' });
    shard.through('n2').loseNode('n1');
    expect(shard.machine.state.waits.size).toBe(0);
    // The second takes the place up again, the third joins it instead of taking another.
    ask(shard, waiting);
    ask(shard.through('n3'), waiting);
    expect(shard.machine.state.waits.size).toBe(1);
    shard.enqueue('q', { value: 'a' }, { value: 'b' });
    const served = shard.eventsOf('wait-served');
    expect(served.map(({ answerer }) => answerer.node)).toEqual(['n3']);
    expect(deliveredBy(ask(shard, waiting)).map((one) => one.receipt)).toEqual(
      served[0]!.messages.map((one) => one.receipt),
    );
    expect(shard.take('q')).toMatchObject([{ value: 'b' }]);
  });

  it('delivers once when the second of three finds a message at once', () => {
    const shard = new TestShard();
    shard.define('q', {});
    ask(shard, waiting);
    shard.through('n2').loseNode('n1');
    shard.enqueue('q', { value: 'a' }, { value: 'b' });
    const second = deliveredBy(ask(shard, waiting));
    expect(deliveredBy(ask(shard, waiting))).toEqual(second);
    expect(second).toMatchObject([{ value: 'a' }]);
  });

  it('answers that its time was over, as the first did', () => {
    const shard = new TestShard();
    shard.define('q', {});
    ask(shard, waiting);
    shard.pass(60_000);
    shard.enqueue('q', { value: 'late' });
    expect(deliveredBy(ask(shard, waiting))).toEqual([]);
  });
});

it('keeps of what a wait was given the receipts, not the messages', () => {
  const shard = new TestShard();
  const value = 'x'.repeat(100_000);
  shard.define('q', {});
  shard.dequeue('q', waiting);
  shard.enqueue('q', { value });
  const [served] = shard.eventsOf('wait-served');
  shard.ack(served!.messages[0]!);
  expect(shard.machine.state.given.size).toBe(1);
  expect(shard.snapshot().length).toBeLessThan(2_000);
});

it('keeps of a delivery the receipts in the table of requests', () => {
  const shard = new TestShard();
  shard.enqueue('q', { value: 'x'.repeat(100_000) });
  const reply = shard.dequeue('q');
  const kept = replyCodec.encode(reply);
  expect(kept.length).toBeLessThan(100);
  const receipts = deliveredBy(reply).map((one) => one.receipt);
  expect(replyCodec.decode(kept)).toEqual({ kind: 'handed', receipts });
});

it('answers any other request as it was answered first', () => {
  const shard = new TestShard();
  const enqueue = { kind: 'enqueue', queue: 'q', messages: [{ value: '1' }], wallMs: 0 } as const;
  const limits = {
    queueMessagesMax: 1,
    queueBytesMax: 1e6,
    shardMessagesMax: 1e6,
    shardBytesMax: 1e6,
    shardDedupIdsMax: 1,
    shardQueuesMax: 1,
  };
  const first = shard.request('e', { ...enqueue, limits });
  expect(shard.request('e', { ...enqueue, limits })).toEqual(first);
  expect(shard.machine.state.messages.size).toBe(1);
  expect(shard.request('p', { kind: 'purge', queue: 'q' })).toEqual({
    kind: 'purged',
    messages: 1,
  });
  shard.pass(0);
  expect(shard.request('p', { kind: 'purge', queue: 'q' })).toEqual({
    kind: 'purged',
    messages: 1,
  });
});
