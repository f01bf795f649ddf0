import type { NumberedLetter } from './commands.ts';
import { TestShard } from './testing/test-shard.ts';

const letters = (...numbers: readonly number[]): readonly NumberedLetter[] =>
  numbers.map((number) => ({
    number,
    letter: {
      to: { queue: 'dead', group: undefined },
      key: undefined,
      value: `${number}`,
      priority: 0,
      headers: undefined,
      wallMs: 0,
      dead: undefined,
    },
  }));

function shardThatTook(...batches: readonly (readonly number[])[]) {
  const shard = new TestShard();
  const replies = batches.map((numbers) =>
    shard.apply({ kind: 'accept-letters', fromShard: 1, letters: letters(...numbers) }),
  );
  const seen = replies.map((reply) => (reply.kind === 'letters-seen' ? reply.upTo : undefined));
  return { seen, values: shard.take('dead', { max: 10 }).map((one) => one.value) };
}

it('takes each number once, and what is new of a batch that comes again', () => {
  expect(shardThatTook([1, 2], [1, 2, 3])).toEqual({ seen: [2, 3], values: ['1', '2', '3'] });
});

it('takes nothing behind a gap: what is missing is still to come', () => {
  expect(shardThatTook([1], [3, 4], [2, 3, 4])).toEqual({
    seen: [1, 1, 4],
    values: ['1', '2', '3', '4'],
  });
});

it('remembers the numbers across a restart, without a window', () => {
  const shard = new TestShard();
  const take = () => shard.apply({ kind: 'accept-letters', fromShard: 1, letters: letters(1, 2) });
  take();
  shard.restart();
  shard.pass(1_000_000_000);
  take();
  expect(shard.machine.state.byName.get('dead')!.messageCount).toBe(0);
});

it('counts each shard by itself', () => {
  const shard = new TestShard();
  for (const fromShard of [1, 2]) {
    shard.apply({ kind: 'accept-letters', fromShard, letters: letters(1) });
  }
  expect(shard.take('dead', { max: 10 })).toHaveLength(2);
});
