import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { Histogram } from './histogram.ts';
import { applyLoad, type LoadPlan } from './load.ts';
import { cpuSeconds, type Server } from './processes.ts';
import { median, type Row } from './report.ts';
import type { Settings } from './settings.ts';

/** One thing to be measured on one server. */
export interface Case {
  readonly server: Server;
  readonly what: string;
  readonly workload: LoadPlan['workload'];
  readonly args?: LoadPlan['args'];
  /** Takes away what the run left behind, so that the next one does not work on a backlog. */
  readonly clear?: (run: number) => Promise<void>;
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
        await one.clear?.(run);
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
  const startMs = performance.now();
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
  const wholeSeconds = (performance.now() - startMs) / 1_000;
  if (result.firstFailure !== undefined) {
    process.stderr.write(`  ${result.failed} failed, the first with: ${result.firstFailure}\n`);
  }
  const latencies = new Histogram(result.counts);
  return {
    perSecond: result.operations / result.seconds,
    p50Ms: latencies.quantile(0.5) / 1_000,
    p99Ms: latencies.quantile(0.99) / 1_000,
    cpu: before === undefined || after === undefined ? undefined : (after - before) / wholeSeconds,
    failed: result.failed,
  };
}
