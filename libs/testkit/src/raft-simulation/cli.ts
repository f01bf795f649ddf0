import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { parseCliOptions, usage } from './cli-options.ts';
import type { CliOptions } from './cli-options.ts';
import { runSimulation } from './run-simulation.ts';
import type { SimulationResult } from './run-simulation.ts';
import { addReport, describeFailure, describeSummary, emptySummary } from './summary.ts';
import type { Assignment, WorkerMessage } from './worker.ts';

const batchSeeds = 4;
const progressEveryMs = 5_000;

/** Hands out seeds, adds up reports, and stops in time. */
class Session {
  readonly sum = emptySummary();
  readonly failedSeeds: number[] = [];
  private readonly options: CliOptions;
  private readonly begunMs = performance.now();
  private nextSeed: number;
  private lastProgressMs = performance.now();

  constructor(options: CliOptions) {
    this.options = options;
    this.nextSeed = options.firstSeed;
  }

  get elapsedMs(): number {
    return performance.now() - this.begunMs;
  }

  takeSeeds(): number[] {
    const { firstSeed, seeds, minutes, keepGoing } = this.options;
    const isOver =
      (this.failedSeeds.length > 0 && !keepGoing) ||
      (minutes !== undefined && this.elapsedMs > minutes * 60_000);
    if (isOver) return [];
    const end = Math.min(firstSeed + seeds, this.nextSeed + batchSeeds);
    const taken: number[] = [];
    while (this.nextSeed < end) taken.push(this.nextSeed++);
    return taken;
  }

  add(result: SimulationResult): void {
    if (result.kind === 'failed') {
      this.failedSeeds.push(result.failure.seed);
      console.log(describeFailure(result.failure));
      return;
    }
    addReport(this.sum, result.report);
    if (performance.now() - this.lastProgressMs < progressEveryMs) return;
    this.lastProgressMs = performance.now();
    const perSecond = Math.round(this.sum.events / (this.elapsedMs / 1_000));
    console.log(
      `${this.sum.seeds} seeds, ${perSecond.toLocaleString('en-US')} events a second, ` +
        `longest stall ${this.sum.longestStallMs.toFixed(0)} ms`,
    );
  }
}

function runHere(session: Session, trace: boolean): void {
  const print = trace ? (line: string): void => console.log(line) : undefined;
  for (let seeds = session.takeSeeds(); seeds.length > 0; seeds = session.takeSeeds()) {
    for (const seed of seeds) session.add(runSimulation(seed, print));
  }
}

async function runInWorkers(session: Session, jobs: number): Promise<void> {
  await Promise.all(Array.from({ length: jobs }, () => superviseWorker(session)));
}

function superviseWorker(session: Session): Promise<void> {
  const worker: ChildProcess = fork(join(import.meta.dirname, 'worker.ts'));
  return new Promise((resolve, reject) => {
    worker.on('message', (message: WorkerMessage) => {
      if (message.kind !== 'idle') {
        session.add(message);
        return;
      }
      const assignment: Assignment = { seeds: session.takeSeeds() };
      if (assignment.seeds.length > 0) worker.send(assignment);
      else worker.disconnect();
    });
    worker.on('error', reject);
    worker.on('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`a worker ended with code ${code ?? '?'}`));
    });
  });
}

async function main(): Promise<number> {
  let options: CliOptions;
  try {
    options = parseCliOptions(process.argv.slice(2), Math.floor(Math.random() * 1e9));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return 2;
  }
  console.log(`first seed ${options.firstSeed}`);
  const session = new Session(options);
  if (options.jobs <= 1) runHere(session, options.trace);
  else await runInWorkers(session, options.jobs);
  // Real time differs from run to run; a trace on standard output must not.
  const tell = options.trace ? console.error : console.log;
  if (options.json) tell(JSON.stringify({ ...session.sum, elapsedMs: session.elapsedMs }));
  else tell(describeSummary(session.sum, session.elapsedMs));
  if (session.failedSeeds.length === 0) return 0;
  console.log(`failed: ${session.failedSeeds.join(' ')}`);
  return 1;
}

process.exitCode = await main();
