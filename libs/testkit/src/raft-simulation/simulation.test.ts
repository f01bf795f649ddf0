import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { runSimulation } from './run-simulation.ts';
import { describeFailure, describeSummary } from './summary.ts';
import type { Summary } from './summary.ts';

/** Seeds that once failed, or say much about some corner. */
const regressionSeeds: readonly number[] = [21, 110, 1403, 190711673, 597239112, 894540375];

const traceOf = (seed: number): string[] => {
  const lines: string[] = [];
  runSimulation(seed, (line) => lines.push(line));
  return lines;
};

describe('a simulated cluster', () => {
  it('does the same twice, byte for byte, from the same seed', () => {
    const first = traceOf(7);
    expect(first.length).toBeGreaterThan(500);
    expect(traceOf(7).join('\n')).toBe(first.join('\n'));
    expect(traceOf(8).join('\n')).not.toBe(first.join('\n'));
  }, 30_000);

  it.each(regressionSeeds)(
    'keeps its promises under seed %d',
    (seed) => {
      const result = runSimulation(seed);
      if (result.kind === 'failed') throw new Error(describeFailure(result.failure));
    },
    30_000,
  );

  // In a process of its own: the test runner's sandbox makes every global ten times slower.
  it('keeps its promises under fresh seeds, and has really been put to the test', () => {
    const firstSeed = Math.floor(Math.random() * 1e9);
    const cli = join(__dirname, 'cli.ts');
    const args = ['--from', firstSeed, '--seeds', 300, '--minutes', 0.25, '--jobs', 1, '--json'];
    const run = spawnSync(process.execPath, [cli, ...args.map(String)], {
      encoding: 'utf8',
      timeout: 80_000,
    });
    if (run.status !== 0) throw new Error(`${run.stdout}\n${run.stderr}`);
    const sum = JSON.parse(run.stdout.trim().split('\n').at(-1)!) as Summary & {
      elapsedMs: number;
    };
    console.log(`seeds from ${firstSeed}: ${describeSummary(sum, sum.elapsedMs)}`);
    // A cluster that does nothing breaks no promise.
    expect(sum.seeds).toBeGreaterThan(10);
    expect(sum.acknowledged / sum.seeds).toBeGreaterThan(40);
    expect(sum.elections).toBeGreaterThan(sum.seeds);
    expect(sum.reads).toBeGreaterThan(sum.seeds * 20);
    expect(sum.readsLocally).toBeGreaterThan(0);
    expect(sum.faults).toBeGreaterThan(sum.seeds * 10);
    expect(sum.undecided).toBeLessThan(1 + sum.seeds / 20);
  }, 90_000);
});
