import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { huntIn, mutate, plant } from './plant.ts';
import { plantedBugs } from './planted-bugs.ts';

const testkitDirectory = resolve(__dirname, '../..');

/** The known seed is tried first; when the simulation has changed, fresh ones must find it in this time. */
const budgetMs = 20_000;

describe('a bug that is planted in the library', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'planted-'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it.each(plantedBugs.map((bug) => [bug.name, bug] as const))(
    'is found: %s',
    async (_name, bug) => {
      const bundle = join(directory, `${bug.seed}-${Math.random().toString(36).slice(2)}.cjs`);
      await plant(bug, testkitDirectory, bundle);
      const quarry = await huntIn(bundle, { firstSeeds: [bug.seed], from: 1, budgetMs });
      expect(quarry).toMatchObject({ kind: 'found' });
    },
    budgetMs + 70_000,
  );

  it('is what the seeds find: without one they all pass', async () => {
    const bug = plantedBugs[0]!;
    const bundle = join(directory, 'healthy.cjs');
    await plant({ ...bug, replace: bug.find }, testkitDirectory, bundle);
    const firstSeeds = [...new Set(plantedBugs.map(({ seed }) => seed))];
    const quarry = await huntIn(bundle, { firstSeeds, from: 1, budgetMs: 0 });
    expect(quarry).toEqual({ kind: 'missed', tried: firstSeeds.length });
  }, 90_000);

  it('must have its place in the text exactly once', () => {
    const bug = { ...plantedBugs[0]!, find: 'twice' };
    expect(() => mutate(bug, 'twice and twice')).toThrow(/occurs 2 times/);
    expect(() => mutate(bug, 'never')).toThrow(/occurs 0 times/);
  });

  it('is one of at least fifteen', () => {
    expect(plantedBugs.length).toBeGreaterThanOrEqual(15);
  });
});
