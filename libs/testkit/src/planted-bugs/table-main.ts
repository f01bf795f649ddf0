import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { huntIn, plant } from './plant.ts';
import { plantedBugs } from './planted-bugs.ts';

/**
 * Hunts every planted bug from fresh seeds and prints the table of DESIGN.md:
 * `node src/planted-bugs/table-main.ts [budget in seconds] [pattern of names]`.
 */
const budgetMs = Number(process.argv[2] ?? 20) * 1_000;
const wanted = new RegExp(process.argv[3] ?? '');
const testkitDirectory = resolve(import.meta.dirname, '../..');
const directory = await mkdtemp(join(tmpdir(), 'planted-'));
const from = 1;
try {
  console.log('| bug | found by | after seeds | first seed |');
  console.log('| --- | --- | ---: | ---: |');
  for (const [i, bug] of plantedBugs.entries()) {
    if (!wanted.test(bug.name)) continue;
    const bundle = join(directory, `bug-${i}.cjs`);
    await plant(bug, testkitDirectory, bundle);
    const quarry = await huntIn(bundle, { firstSeeds: [], from, budgetMs });
    const how =
      quarry.kind === 'missed'
        ? '**not found**'
        : quarry.property === 'InvariantViolation'
          ? `the core's own check: ${quarry.message}`
          : quarry.property;
    const seed = quarry.kind === 'found' ? String(quarry.seed) : '-';
    console.log(`| ${bug.name} | ${how} | ${quarry.tried} | ${seed} |`);
  }
} finally {
  await rm(directory, { recursive: true, force: true });
}
