import { isProblem } from '@quorate/service-kit';
import { createBusCounts } from '../lines/bus-counts.ts';
import { LineCache } from '../lines/line-cache.ts';
import { Shard } from './shard.ts';
import { FakeGroup, turn } from './testing/fake-group.ts';
import { FakeMemory } from './testing/fake-memory.ts';

function oneShard(): { readonly group: FakeGroup; readonly shard: Shard } {
  const group = new FakeGroup();
  const { machine, life } = group;
  const lines = new LineCache({ linesMax: 10, bytesMax: 10_000 });
  const counts = createBusCounts();
  const memory = new FakeMemory();
  return {
    group,
    shard: new Shard({ number: 0, group, machine, life, lines, memory, counts }),
  };
}

it('answers a write, done or refused, once its entry is settled and not when it is applied', async () => {
  const { group, shard } = oneShard();
  let answered = 0;
  const absent = { kind: 'delete', deletes: [{ key: 'none', condition: undefined }] } as const;
  for (const condition of [undefined, { kind: 'present' } as const]) {
    const deletes = [{ key: 'none', condition }];
    void shard.ask({ ...absent, deletes }, { deadlineMs: 1_000 }).then(() => (answered += 1));
  }
  group.apply();
  await turn();
  expect(answered).toBe(0);
  group.settle();
  await turn();
  expect(answered).toBe(2);
});

it('says that the outcome is unknown when the entry is applied and cannot be settled in time', async () => {
  const { group, shard } = oneShard();
  group.whenSettled = () => Promise.resolve(false);
  const asked = shard.ask({ kind: 'delete', deletes: [] }, { deadlineMs: 1_000 });
  group.apply();
  const answer = await asked;
  expect(isProblem(answer) && answer.code).toBe('outcome_unknown');
});
