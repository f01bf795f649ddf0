import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { Histogram, type Counts } from './histogram.ts';
import { ResponseReader, type Response } from './response-reader.ts';
import { workloads, type Script, type WorkloadName } from './workloads.ts';

export interface LoadPlan {
  readonly port: number;
  readonly connections: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
  readonly workload: WorkloadName;
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

/** A closed loop: each connection sends its next request when the last one was answered. */
export async function runLoad(plan: LoadPlan): Promise<LoadResult> {
  const histogram = new Histogram();
  const tally = {
    operations: 0,
    requests: 0,
    failed: 0,
    firstFailure: undefined as string | undefined,
  };
  const phase = { measuring: false, over: false };
  const sockets: Socket[] = [];
  for (let number = 0; number < plan.connections; number++) {
    const socket = connect({ host: '127.0.0.1', port: plan.port, noDelay: true });
    await once(socket, 'connect');
    sockets.push(socket);
    const script = workloads[plan.workload](number, plan.args);
    drive(socket, script, { histogram, tally, phase });
  }
  await passed(plan.warmUpMs);
  phase.measuring = true;
  const startMs = performance.now();
  await passed(plan.durationMs);
  const seconds = (performance.now() - startMs) / 1_000;
  phase.over = true;
  for (const socket of sockets) socket.destroy();
  return { ...tally, seconds, counts: histogram.counts };
}

function drive(
  socket: Socket,
  script: Script,
  to: {
    readonly histogram: Histogram;
    readonly tally: {
      operations: number;
      requests: number;
      failed: number;
      firstFailure: string | undefined;
    };
    readonly phase: { readonly measuring: boolean; readonly over: boolean };
  },
): void {
  const { histogram, tally, phase } = to;
  let sentMs = 0;
  let previous: Response | undefined;
  const send = (): void => {
    sentMs = performance.now();
    socket.write(script.next(previous));
  };
  const reader = new ResponseReader((response) => {
    if (phase.over) return;
    const isExpected = script.expects(response);
    if (phase.measuring) {
      histogram.note((performance.now() - sentMs) * 1_000);
      tally.requests += 1;
      if (script.endsOperation()) tally.operations += script.weight;
      if (!isExpected) {
        tally.failed += 1;
        tally.firstFailure ??= `${response.status} ${response.body.toString().slice(0, 300)}`;
      }
    }
    previous = response;
    send();
  });
  socket.on('data', (bytes: Buffer) => reader.push(bytes));
  socket.on('error', (error) => {
    if (phase.over) return;
    tally.failed += 1;
    tally.firstFailure ??= error.message;
  });
  send();
}

const passed = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
