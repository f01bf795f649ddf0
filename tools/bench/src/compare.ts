import process from 'node:process';
import { parseArgs } from 'node:util';
import { Histogram } from './histogram.ts';
import { applyLoad, type LoadPlan } from './load.ts';
import { cpuSeconds, type Server } from './processes.ts';
import { median, type Row } from './report.ts';

export interface Settings {
  readonly rounds: number;
  readonly durationMs: number;
  readonly warmUpMs: number;
  readonly connections: readonly number[];
}

/** `--quick` for a look, nothing for figures to be told. */
export function readSettings(): Settings {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      connections: { type: 'string' },
    },
  });
  const { quick } = values;
  return {
    rounds: Number(values.rounds ?? (quick ? 1 : 3)),
    durationMs: 1_000 * Number(values.seconds ?? 2),
    warmUpMs: 1_000,
    connections: (values.connections ?? (quick ? '50' : '1,50,256')).split(',').map(Number),
  };
}

/** One thing to be measured on one server. */
export interface Case {
  readonly server: Server;
  readonly what: string;
  readonly workload: LoadPlan['workload'];
  readonly args?: LoadPlan['args'];
}

/**
 * All cases in turn, round after round, so that a bad minute of the machine is shared by all. The
 * medians of the rounds are told.
 */
export async function compare(cases: readonly Case[], settings: Settings): Promise<readonly Row[]> {
  const rows: Row[] = [];
  let run = 0;
  for (const connections of settings.connections) {
    const measured = cases.map((): Measured[] => []);
    for (let round = 0; round < settings.rounds; round++) {
      for (const [i, one] of cases.entries()) {
        run += 1;
        process.stderr.write(
          `${one.server.name}, ${one.what}, ${connections} connections, round ${round + 1}\n`,
        );
        measured[i]!.push(await measure(one, { connections, run }, settings));
      }
    }
    for (const [i, { server, what }] of cases.entries()) {
      const over = (value: (one: Measured) => number): number => median(measured[i]!.map(value));
      const cpu = measured[i]!.every((one) => one.cpu !== undefined)
        ? over((one) => one.cpu!)
        : undefined;
      const failed = measured[i]!.reduce((sum, one) => sum + one.failed, 0);
      const { perSecond, p50Ms, p99Ms } = {
        perSecond: over((one) => one.perSecond),
        p50Ms: over((one) => one.p50Ms),
        p99Ms: over((one) => one.p99Ms),
      };
      rows.push({ server: server.name, what, connections, perSecond, p50Ms, p99Ms, cpu, failed });
    }
  }
  return rows;
}

type Measured = Pick<Row, 'perSecond' | 'p50Ms' | 'p99Ms' | 'cpu' | 'failed'>;

async function measure(
  { server, workload, args = {} }: Case,
  { connections, run }: { readonly connections: number; readonly run: number },
  { durationMs, warmUpMs }: Settings,
): Promise<Measured> {
  const before = cpuSeconds(server.pid);
  const result = await applyLoad({
    port: server.port,
    connections,
    warmUpMs,
    durationMs,
    workload,
    args: { run, ...args },
  });
  const after = cpuSeconds(server.pid);
  if (result.firstFailure !== undefined) {
    process.stderr.write(`  ${result.failed} failed, the first with: ${result.firstFailure}\n`);
  }
  const latencies = new Histogram(result.counts);
  const wholeSeconds = result.seconds + warmUpMs / 1_000;
  return {
    perSecond: result.operations / result.seconds,
    p50Ms: latencies.quantile(0.5) / 1_000,
    p99Ms: latencies.quantile(0.99) / 1_000,
    cpu: before === undefined || after === undefined ? undefined : (after - before) / wholeSeconds,
    failed: result.failed,
  };
}
