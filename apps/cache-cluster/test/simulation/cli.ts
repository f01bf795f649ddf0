import { parseArgs } from 'node:util';
import { CacheSimulation } from './cache-simulation.ts';

const usage = `Simulates whole cache clusters from seeds, with faults, and checks them after every event.

  npx nx sim cache-cluster -- [options]

  --seeds N   how many seeds to run (default 100)
  --from N    the first of them (default: drawn, and printed)
  --seed N    run this one seed
  --trace     print what happens (with --seed)
`;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string' },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  if (values.help) {
    say(usage);
    return;
  }
  const drawn = String(Math.floor(Math.random() * 1e6));
  const first = Number(values.seed ?? values.from ?? drawn);
  const count = values.seed === undefined ? Number(values.seeds) : 1;
  say(`${count} seeds from ${first}`);
  const sum = { operations: 0, hits: 0, fenced: 0, undecided: 0 };
  for (let seed = first; seed < first + count; seed++) {
    const simulation = new CacheSimulation(seed, values.trace ? say : undefined);
    try {
      const { operations, hits, fenced, undecided } = await simulation.run();
      sum.operations += operations;
      sum.hits += hits;
      sum.fenced += fenced;
      sum.undecided += undecided ? 1 : 0;
    } catch (error) {
      say(simulation.trace.lastLines().join('\n'));
      say(
        `seed ${seed}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
      say(`again: npx nx sim cache-cluster -- --seed ${seed} --trace`);
      process.exitCode = 1;
      return;
    }
  }
  say(
    `${count} seeds: ${sum.operations} operations, ${sum.hits} hits, ` +
      `${sum.fenced} late writes fenced off, ${sum.undecided} histories undecided`,
  );
}

await main();
