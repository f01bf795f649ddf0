import { explore } from './checker.ts';
import { MesiModel } from './mesi-model.ts';
import type { MesiBounds, MesiGuards } from './mesi-rules.ts';

/** Explores all of it, prints how much that was, and expects to find nothing wrong. */
function expectSound(bounds: Partial<MesiBounds>, guards: Partial<MesiGuards> = {}): void {
  const model = new MesiModel(bounds, guards);
  const { states, steps, depth, complete, counterexample } = explore(model);
  process.stdout.write(
    `${model.name} ${JSON.stringify(bounds)}: ${states} states, ${steps} steps, depth ${depth}\n`,
  );
  expect(counterexample).toBeUndefined();
  expect(complete).toBe(true);
}

const follower = 0b100;
const followers = 0b110;
const everybody = 0b111;

describe('a hit shows the last version answered, one writer or many readers, nothing lost', () => {
  it('for three nodes and one key', () => {
    expectSound({ holders: everybody, entriesMax: 4 });
  });

  it('for two keys, with memory behind them', () => {
    expectSound({ keys: 2, holders: followers, entriesMax: 4, memory: true });
  });

  it('for two keys and a longer log', () => {
    expectSound({ keys: 2, holders: followers, entriesMax: 5 });
  });

  it('for fills from memory that race writes and flushes', () => {
    const bounds = { holders: followers, entriesMax: 5, memory: true, cleanAtStart: true };
    expectSound(bounds);
  });

  it('for two keys and a change of leader', () => {
    expectSound({ keys: 2, holders: followers, entriesMax: 4, termsMax: 2 });
  });

  it('for three nodes with drops, snapshots, a restart and a change of leader', () => {
    expectSound({
      holders: everybody,
      entriesMax: 3,
      drops: true,
      snapshots: true,
      restartsMax: 1,
      termsMax: 2,
    });
  });

  it('for fills that race drops, snapshots, a restart and a change of leader', () => {
    expectSound({
      holders: follower,
      entriesMax: 4,
      memory: true,
      cleanAtStart: true,
      drops: true,
      snapshots: true,
      restartsMax: 1,
      termsMax: 2,
    });
  });

  it('for writes to memory by two leaders', () => {
    expectSound({ holders: 0, entriesMax: 4, memory: true, drops: true, termsMax: 2 });
  });
});

describe('two rules back each other, so that one may fail', () => {
  const fills = { holders: followers, entriesMax: 5, memory: true, cleanAtStart: true };

  it('answers that wait for the version shown make up for unsettled versions in memory', () => {
    expectSound(fills, { flushesSettledOnly: false });
  });

  it('flushing only what is settled makes up for answers that wait for their own index alone', () => {
    expectSound(fills, { answerCoversVersionShown: false });
  });

  it('terms and one write per key at a time make up for a memory that compares no versions', () => {
    const flushes = { holders: 0, entriesMax: 4, memory: true, drops: true, termsMax: 2 };
    expectSound(flushes, { flushFencedByVersion: false });
  });
});
