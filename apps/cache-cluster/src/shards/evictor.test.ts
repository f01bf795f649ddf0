import { createBusCounts } from '../lines/bus-counts.ts';
import { LineCache } from '../lines/line-cache.ts';
import { Evictor } from './evictor.ts';
import { Shard } from './shard.ts';
import { FakeGroup, turn } from './testing/fake-group.ts';
import { FakeMemory } from './testing/fake-memory.ts';

async function leaderWith(keys: readonly string[]): Promise<{ group: FakeGroup; shard: Shard }> {
  const group = new FakeGroup();
  group.role = 'leader';
  const lines = new LineCache({ linesMax: 10, bytesMax: 10_000 });
  const { machine, life } = group;
  const memory = new FakeMemory();
  const shard = new Shard({
    number: 0,
    group,
    machine,
    life,
    lines,
    memory,
    counts: createBusCounts(),
  });
  for (const key of keys) {
    const version = await group.put(key, 'x'.repeat(100));
    group.append({ kind: 'flush', keys: [{ key, version }], keepValues: true });
    group.apply();
    group.settle();
  }
  return { group, shard };
}

const keysOf = (shard: Shard): readonly string[] =>
  [...shard.state.keys.values()].filter(({ entry }) => entry.present).map(({ key }) => key);

it('drops what was used longest ago, until it is well below its bound', async () => {
  const { group, shard } = await leaderWith(['a', 'b', 'c', 'd']);
  group.append({ kind: 'read', keys: ['a'] });
  group.apply();
  const running = new Evictor(shard, 300).run();
  group.apply();
  await turn();
  await running;
  expect(keysOf(shard)).toEqual(['a', 'd']);
  expect(shard.state.valueBytes).toBeLessThan(300);
});

it('leaves what is dirty, however old', async () => {
  const { group, shard } = await leaderWith(['a', 'b']);
  await group.put('a', 'y'.repeat(300));
  const running = new Evictor(shard, 300).run();
  group.apply();
  await turn();
  await running;
  expect(keysOf(shard)).toEqual(['a']);
});

it('is the work of the leader', async () => {
  const { group, shard } = await leaderWith(['a', 'b', 'c', 'd']);
  group.role = 'follower';
  await new Evictor(shard, 300).run();
  expect(group.log).toEqual([]);
});
