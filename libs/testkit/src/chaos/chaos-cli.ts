import { ChaosCluster } from './chaos-cluster.ts';
import type { ChaosClusterOptions } from './chaos-cluster.ts';
import { describeReport, violationsOf } from './report.ts';
import { runStorm } from './storm.ts';
import type { Workload } from './storm.ts';

export interface ChaosProgram {
  readonly name: string;
  /** Makes ready what a run needs; what it gives is told to the nodes and cleaned up after them. */
  readonly prepare: (flags: ReadonlySet<string>) => Promise<PreparedChaos>;
  /** Names of further switches, each with what it does. */
  readonly flags?: Readonly<Record<string, string>>;
}

export interface PreparedChaos {
  readonly cluster: ChaosClusterOptions;
  readonly workload: Workload;
  readonly close?: () => Promise<void>;
}

interface Options {
  readonly minutes: number;
  readonly seed: number;
  readonly flags: ReadonlySet<string>;
}

/** Runs one storm as the command line says; true if every check held. */
export async function chaosMain(program: ChaosProgram, args: readonly string[]): Promise<boolean> {
  const options = parse(program, args);
  if (options === undefined) return false;
  const { seed, minutes, flags } = options;
  console.log(`${program.name}: ${minutes} minutes of chaos, seed ${seed}`);
  const prepared = await program.prepare(flags);
  const cluster = await ChaosCluster.start({ smallDisks: true, ...prepared.cluster });
  try {
    if (cluster.disks.size === 0) {
      console.log(
        'no right to mount: no disk will be filled, and the data is in the temporary folder',
      );
    }
    const report = await runStorm({
      seed,
      cluster,
      workload: prepared.workload,
      length: { kind: 'minutes', minutes },
      tell: (line) => console.log(line),
    });
    console.log(`\n${describeReport(report)}`);
    const isGood = violationsOf(report).length === 0;
    if (!isGood) tellLogs(cluster);
    console.log(isGood ? 'everything held' : `BROKEN, again with --seed ${seed}`);
    return isGood;
  } catch (error) {
    tellLogs(cluster);
    throw error;
  } finally {
    await cluster.close();
    await prepared.close?.();
  }
}

function tellLogs(cluster: ChaosCluster): void {
  for (const name of cluster.names) {
    console.log(`--- ${name} said at the end ---`);
    console.log(cluster.processes.process(name).output.slice(-3_000));
  }
}

function parse(program: ChaosProgram, args: readonly string[]): Options | undefined {
  const flags = new Set<string>();
  const numbers = new Map<string, number>();
  const known = Object.keys(program.flags ?? {});
  for (let i = 0; i < args.length; i++) {
    const [name = '', inline] = (args[i] ?? '').split('=');
    if (known.includes(name)) {
      flags.add(name);
      continue;
    }
    const value = Number(inline ?? args[++i]);
    if ((name === '--minutes' || name === '--seed') && Number.isFinite(value) && value >= 0) {
      numbers.set(name, value);
      continue;
    }
    console.log(usage(program));
    return undefined;
  }
  const seed = numbers.get('--seed') ?? Math.floor(Math.random() * 1e9);
  return { seed, minutes: numbers.get('--minutes') ?? 3, flags };
}

const usage = ({ name, flags = {} }: ChaosProgram): string =>
  [
    `npx nx chaos ${name} -- [--minutes M] [--seed N] ${Object.keys(flags).join(' ')}`,
    '  --minutes M   how long (3)',
    '  --seed N      draws the faults and what the clients do; how they meet is up to the machine',
    ...Object.entries(flags).map(([flag, what]) => `  ${flag}   ${what}`),
  ].join('\n');
