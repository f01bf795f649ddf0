import { performance } from 'node:perf_hooks';

import type { Codec, StateMachine } from '../src/index.ts';
import { BenchCluster } from './bench-cluster.ts';
import { heard, startBenchNode, tell, untilLed } from './bench-node.ts';

/**
 * Proposals per second and their latency: three processes on loopback, the file store with a real
 * sync on each, entries of 100 bytes, on the leader and through a follower.
 *
 *   npx nx bench raft [-- --seconds 3 --rounds 1 --callbacks --cpu-prof <folder>]
 */
interface Load {
  readonly kind: 'load';
  readonly inFlight: number;
  readonly durationMs: number;
  readonly callbacks: boolean;
}

interface Measured {
  readonly kind: 'measured';
  readonly proposals: number;
  readonly perSecond: number;
  readonly syncsPerProposal: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly failed: number;
}

/** Processor time of a node's process, all its threads. */
interface CpuUsed {
  readonly kind: 'cpu-is';
  readonly micros: number;
}

interface Counts {
  syncs: number;
}

const body = Buffer.alloc(100, 0x61);
const bytes: Codec<Uint8Array> = { encode: (value) => value, decode: (value) => value };
const number: Codec<number> = {
  encode: (value) => Buffer.from(String(value)),
  decode: (value) => Number(Buffer.from(value).toString()),
};

/** Counts what it is given, so that what is measured is the log and not a service. */
class Counter implements StateMachine<Uint8Array, number, never> {
  #count = 0;
  apply = () => ({ reply: ++this.#count, events: [] });
  notice = () => [];
  nextDeadline = () => undefined;
  snapshot = () => [Buffer.from(String(this.#count))];
  restore = () => ({
    write: (piece: Uint8Array) => {
      this.#count = Number(Buffer.from(piece).toString());
    },
    end: () => undefined,
  });
}

async function runNode(id: string, directory: string): Promise<void> {
  const counts: Counts = { syncs: 0 };
  const { replica, host } = await startBenchNode(
    { id, directory },
    {
      machine: new Counter(),
      commands: bytes,
      replies: number,
      observer: { batchWritten: () => void (counts.syncs += 1) },
    },
  );
  const propose = (callbacks: boolean, done: (ok: boolean) => void) => {
    const options = { deadlineMs: performance.now() + 10_000 };
    if (callbacks)
      replica.proposeWith(body, options, (outcome) => done(outcome.kind === 'applied'));
    else void replica.propose(body, options).then((outcome) => done(outcome.kind === 'applied'));
  };
  process.on('message', (message: { kind: string }) => {
    if (message.kind === 'load') void load(message as Load, counts, propose).then(tell);
    if (message.kind === 'cpu') {
      const { user, system } = process.cpuUsage();
      tell({ kind: 'cpu-is', micros: user + system });
    }
    if (message.kind === 'office') {
      void untilLed(replica as never).then(() =>
        tell({ kind: 'office-is', leader: replica.core.office.leader }),
      );
    }
  });
  await heard('stop');
  await host.stop();
  process.exit(0);
}

function load(
  { inFlight, durationMs, callbacks }: Load,
  counts: Counts,
  propose: (callbacks: boolean, done: (ok: boolean) => void) => void,
): Promise<Measured> {
  return new Promise((resolve) => {
    const latencies: number[] = [];
    const startMs = performance.now();
    const endMs = startMs + durationMs;
    const syncsBefore = counts.syncs;
    let failed = 0;
    let open = inFlight;
    const one = () => {
      const sentMs = performance.now();
      propose(callbacks, (ok) => {
        const nowMs = performance.now();
        if (ok) latencies.push(nowMs - sentMs);
        else failed += 1;
        if (nowMs < endMs) one();
        else if (--open === 0) resolve(summary(nowMs));
      });
    };
    const summary = (nowMs: number): Measured => {
      const sorted = Float64Array.from(latencies).sort();
      const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
      return {
        kind: 'measured',
        proposals: latencies.length,
        perSecond: Math.round((latencies.length / (nowMs - startMs)) * 1_000),
        syncsPerProposal: (counts.syncs - syncsBefore) / latencies.length,
        p50Ms: at(0.5),
        p99Ms: at(0.99),
        p999Ms: at(0.999),
        failed,
      };
    };
    for (let i = 0; i < inFlight; i++) one();
  });
}

async function main(args: readonly string[]): Promise<void> {
  const option = (name: string): string | undefined => {
    const at = args.indexOf(`--${name}`);
    return at < 0 ? undefined : args[at + 1];
  };
  const seconds = Number(option('seconds') ?? 3);
  const rounds = Number(option('rounds') ?? 1);
  const levels = (option('in-flight') ?? '1,64,256,1024').split(',').map(Number);
  const callbacks = args.includes('--callbacks');
  const cluster = await BenchCluster.start(process.argv[1]!, { cpuProfiles: option('cpu-prof') });
  const offices = await cluster.ask<{ leader: string }>({ kind: 'office' }, 'office-is');
  const leader = [...offices.values()][0]!.leader;
  const follower = [...cluster.nodes.keys()].find((id) => id !== leader)!;
  const run = (id: string, inFlight: number, durationMs: number) => {
    const message: Load = { kind: 'load', inFlight, durationMs, callbacks };
    return cluster.askOne<Measured>(id, message, 'measured');
  };
  const cpu = () => cluster.ask<CpuUsed>({ kind: 'cpu' }, 'cpu-is');
  await run(leader, 256, 1_500);
  print(
    '| on | in flight | proposals/s | p50 ms | p99 ms | p99.9 ms | syncs per proposal | failed ' +
      '| CPU µs per proposal: that node | all three |',
  );
  print('| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |');
  for (const [what, id] of [
    ['the leader', leader],
    ['a follower', follower],
  ] as const) {
    for (const inFlight of levels) {
      const results: Measured[] = [];
      const before = await cpu();
      for (let i = 0; i < rounds; i++) results.push(await run(id, inFlight, seconds * 1_000));
      const after = await cpu();
      const used = (node: string) => after.get(node)!.micros - before.get(node)!.micros;
      const done = results.reduce((sum, { proposals }) => sum + proposals, 0);
      const all = [...cluster.nodes.keys()].reduce((sum, node) => sum + used(node), 0);
      const each = `${(used(id) / done).toFixed(2)} | ${(all / done).toFixed(2)}`;
      print(`${row(what, inFlight, median(results))} ${each} |`);
    }
  }
  await cluster.stop();
}

const median = (results: readonly Measured[]): Measured =>
  results.toSorted((a, b) => a.perSecond - b.perSecond)[Math.floor(results.length / 2)]!;

const row = (what: string, inFlight: number, m: Measured): string =>
  `| ${what} | ${inFlight} | ${m.perSecond.toLocaleString('en')} | ${m.p50Ms.toFixed(2)} ` +
  `| ${m.p99Ms.toFixed(2)} | ${m.p999Ms.toFixed(2)} | ${m.syncsPerProposal.toFixed(4)} | ${m.failed} |`;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const args = process.argv.slice(2);
if (args[0] === '--node') await runNode(args[1]!, args[2]!);
else await main(args);
