import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { Histogram, type Counts } from './histogram.ts';
import { isPipeline, pipelines, type Pipeline, type PipelineName } from './pipelines.ts';
import { ResponseReader, type Response } from './response-reader.ts';
import { workloads, type Script, type WorkloadName } from './workloads.ts';

export interface LoadPlan {
  readonly port: number;
  readonly connections: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
  readonly workload: WorkloadName | PipelineName;
  /** What the workload is told, beside the number of the connection. */
  readonly args: Readonly<Record<string, string | number>>;
}

export interface LoadResult {
  readonly operations: number;
  readonly requests: number;
  /** Answers that the workload did not expect; the first is kept to be shown. */
  readonly failed: number;
  readonly firstFailure: string | undefined;
  readonly seconds: number;
  readonly counts: Counts;
}

/** Runs the load in a thread of its own, so that whoever reports is not in its way. */
export async function applyLoad(plan: LoadPlan): Promise<LoadResult> {
  const worker = new Worker(new URL('load-thread.ts', import.meta.url), { workerData: plan });
  const [result] = (await once(worker, 'message')) as [LoadResult];
  await worker.terminate();
  return result;
}

interface Run {
  readonly histogram: Histogram;
  readonly tally: Tally;
  readonly phase: { readonly measuring: boolean; readonly over: boolean };
}

interface Tally {
  operations: number;
  requests: number;
  failed: number;
  firstFailure: string | undefined;
}

/** A closed loop: each connection sends its next request when the last one was answered. */
export async function runLoad(plan: LoadPlan): Promise<LoadResult> {
  const histogram = new Histogram();
  const tally: Tally = { operations: 0, requests: 0, failed: 0, firstFailure: undefined };
  const phase = { measuring: false, over: false };
  const run = { histogram, tally, phase };
  const closings: (() => void)[] = [];
  for (let number = 0; number < plan.connections; number++) {
    closings.push(await open(plan, number, run));
  }
  await passed(plan.warmUpMs);
  phase.measuring = true;
  const startMs = performance.now();
  await passed(plan.durationMs);
  const seconds = (performance.now() - startMs) / 1_000;
  phase.over = true;
  for (const close of closings) close();
  return { ...tally, seconds, counts: histogram.counts };
}

async function open(
  { port, workload, args }: LoadPlan,
  number: number,
  run: Run,
): Promise<() => void> {
  if (isPipeline(workload)) {
    const pipeline = await pipelines[workload](port, args);
    void repeat(pipeline, run);
    return () => pipeline.close();
  }
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  await once(socket, 'connect');
  drive(socket, workloads[workload](number, args), run);
  return () => socket.destroy();
}

async function repeat(pipeline: Pipeline, { histogram, tally, phase }: Run): Promise<void> {
  while (!phase.over) {
    const startMs = performance.now();
    try {
      await pipeline.round();
    } catch (error) {
      note(error instanceof Error ? error.message : String(error), { tally, phase });
      return;
    }
    if (!phase.measuring) continue;
    histogram.note((performance.now() - startMs) * 1_000);
    tally.requests += 1;
    tally.operations += pipeline.weight;
  }
}

function drive(socket: Socket, script: Script, { histogram, tally, phase }: Run): void {
  let sentMs = 0;
  let previous: Response | undefined;
  const send = (): void => {
    sentMs = performance.now();
    socket.write(script.next(previous));
  };
  const reader = new ResponseReader((response) => {
    if (phase.over) return;
    const ended = script.count(response);
    if (phase.measuring) {
      histogram.note((performance.now() - sentMs) * 1_000);
      tally.requests += 1;
      // A refusal is quickly given: it counts as a failure only, and not as work done.
      if (ended !== undefined) tally.operations += ended;
      else {
        tally.failed += 1;
        tally.firstFailure ??= `${response.status} ${response.body.toString().slice(0, 300)}`;
      }
    }
    previous = response;
    send();
  });
  socket.on('data', (bytes: Buffer) => reader.push(bytes));
  socket.on('error', (error) => {
    note(error.message, { tally, phase });
  });
  socket.on('close', (hadError) => {
    if (!hadError) note('the connection was closed', { tally, phase });
  });
  send();
}

/** What is cut off when the time is over has not failed. */
function note(failure: string, { tally, phase }: Pick<Run, 'tally' | 'phase'>): void {
  if (phase.over) return;
  tally.failed += 1;
  tally.firstFailure ??= failure;
}

const passed = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
