import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { logIndex, nodeId, type AppliedAt } from '@quorate/raft';
import { commandCodec } from '../src/state-machine/command-codec.ts';
import type { QueueCommand, QueueReply } from '../src/state-machine/commands.ts';
import { parseReceipt } from '../src/state-machine/message-id.ts';
import { QueueMachine } from '../src/state-machine/queue-machine.ts';

/**
 * What one million waiting messages cost: memory beside the payload, the processor time of an enqueue
 * and of a dequeue with its ack against an empty queue, the longest piece of a snapshot, and how long a
 * node takes from its start until it is ready again.
 *
 *   node --expose-gc apps/queue-cluster/bench/million.ts [--messages 1000000] [--no-node]
 */
const argument = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? otherwise : Number(process.argv[at + 1]);
};
const count = argument('messages', 1_000_000);
const valueBytes = 200;
const operations = 200_000;
const slice = 100;
const huge = 1e12;

const tell = (line: string): void => void process.stdout.write(`${line}\n`);
const collect = (globalThis as { gc?: () => void }).gc;

class Bench {
  machine = new QueueMachine({ shard: 0, shardOf: () => 0 });
  #index = 0;

  /** As a node applies it: from the bytes of the log. */
  apply(command: QueueCommand): QueueReply {
    this.#index += 1;
    const origin = { node: nodeId('n'), incarnation: 1 };
    const at: AppliedAt = { index: logIndex(this.#index), atMs: this.#index / 7, origin };
    return this.machine.apply(commandCodec.decode(commandCodec.encode(command)), at).reply;
  }

  enqueue(messages: number, key: (i: number) => string | undefined): void {
    const list = Array.from({ length: messages }, (_, i) => ({ key: key(i), value: valueOf(i) }));
    const limits = {
      queueMessagesMax: huge,
      queueBytesMax: huge,
      shardMessagesMax: huge,
      shardBytesMax: huge,
      shardDedupIdsMax: huge,
      shardQueuesMax: huge,
    };
    const wallMs = 1_790_000_000_000 + this.#index;
    this.apply({ kind: 'enqueue', queue: 'q', messages: list, wallMs, limits });
  }

  dequeueAndAck(): void {
    const reply = this.apply({
      kind: 'dequeue',
      queue: 'q',
      group: undefined,
      consumer: undefined,
      max: 1,
      bytesMax: huge,
      visibilityMs: 30_000,
      waitMs: 0,
      waitNumber: this.#index,
      rememberMs: 0,
      inFlightMax: huge,
      shardWaitersMax: huge,
      shardQueuesMax: huge,
    });
    if (reply.kind !== 'delivered') throw new Error(reply.kind);
    this.apply({ kind: 'ack', receipts: [parseReceipt(reply.messages[0]!.receipt)!] });
  }
}

const valueOf = (i: number): string => `"${String(i).padEnd(valueBytes - 2, '.')}"`;

interface Pace {
  readonly meanUs: number;
  /** Of slices of a hundred: without what collecting garbage and growing a map cost now and then. */
  readonly medianUs: number;
  readonly longestMs: number;
}

/** An enqueue, and a dequeue with its ack, while the depth stays what it is. */
function pace(bench: Bench, key: (i: number) => string | undefined): readonly [Pace, Pace] {
  const enqueues: number[] = [];
  const dequeues: number[] = [];
  for (let done = 0; done < operations; done += slice) {
    const startedMs = performance.now();
    for (let i = 0; i < slice; i++) bench.enqueue(1, () => key(done + i));
    const betweenMs = performance.now();
    for (let i = 0; i < slice; i++) bench.dequeueAndAck();
    enqueues.push(betweenMs - startedMs);
    dequeues.push(performance.now() - betweenMs);
  }
  return [paceOf(enqueues), paceOf(dequeues)];
}

function paceOf(slicesMs: number[]): Pace {
  const totalMs = slicesMs.reduce((sum, one) => sum + one, 0);
  slicesMs.sort((a, b) => a - b);
  return {
    meanUs: (1_000 * totalMs) / operations,
    medianUs: (1_000 * slicesMs[slicesMs.length >> 1]!) / slice,
    longestMs: slicesMs.at(-1)!,
  };
}

function heapBytes(): number {
  collect?.();
  collect?.();
  return process.memoryUsage().heapUsed;
}

const us = (value: number): string => `${value.toFixed(2)} µs`;
const times = (before: number, after: number): string => `${(after / before).toFixed(2)} ×`;

function measureMachine(name: string, key: (i: number) => string | undefined): void {
  const bench = new Bench();
  pace(bench, key);
  const empty = pace(bench, key);
  const before = heapBytes();
  let longestMs = 0;
  for (let i = 0; i < count; i += 100) {
    const startedMs = performance.now();
    bench.enqueue(100, (j) => key(i + j));
    longestMs = Math.max(longestMs, performance.now() - startedMs);
  }
  const beside = (heapBytes() - before) / count - valueBytes;
  const full = pace(bench, key);
  tell(`${name}: ${count} messages of ${valueBytes} bytes`);
  tell(`  memory beside the payload: ${beside.toFixed(0)} bytes a message`);
  for (const [at, what] of (['enq', 'deq and ack'] as const).entries()) {
    const [was, after] = [empty[at]!, full[at]!];
    tell(
      `  ${what}: mean ${us(was.meanUs)} empty, ${us(after.meanUs)} full (${times(was.meanUs, after.meanUs)}); median ${us(was.medianUs)}, ${us(after.medianUs)} (${times(was.medianUs, after.medianUs)}); longest hundred ${after.longestMs.toFixed(0)} ms`,
    );
  }
  tell(`  longest entry of 100 while filling: ${longestMs.toFixed(0)} ms`);
  measureSnapshot(bench);
}

function measureSnapshot({ machine }: Bench): void {
  // Once as a node does it, which hands each piece to the disk; then once more, to have it restored.
  const startedMs = performance.now();
  const took: number[] = [];
  let bytes = 0;
  let lastMs = startedMs;
  for (const piece of machine.snapshot()) {
    bytes += piece.length;
    const nowMs = performance.now();
    took.push(nowMs - lastMs);
    lastMs = nowMs;
  }
  const writtenMs = lastMs - startedMs;
  took.sort((a, b) => a - b);
  const pieces = [...machine.snapshot()];
  const other = new QueueMachine({ shard: 0, shardOf: () => 0 });
  const restoringMs = performance.now();
  const sink = other.restore();
  for (const piece of pieces) sink.write(piece);
  sink.end();
  const restoredMs = performance.now() - restoringMs;
  const p99 = took[Math.floor(took.length * 0.99)]!;
  tell(
    `  snapshot: ${Math.round(bytes / 1e6)} MB in ${(writtenMs / 1_000).toFixed(1)} s, a piece ${p99.toFixed(1)} ms (p99), ${took.at(-1)!.toFixed(0)} ms (longest); restored in ${(restoredMs / 1_000).toFixed(1)} s`,
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** One node on its own, killed with everything in its queue, and started again. */
async function measureNode(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'quorate-million-'));
  const port = await freePort();
  let node = start(directory, port);
  try {
    await ready(node, port);
    const startedMs = performance.now();
    const fill = async (lane: number): Promise<void> => {
      for (let i = lane * 1_000; i < count; i += 4_000) await enqueueBatch(port, i);
    };
    await Promise.all([0, 1, 2, 3].map(fill));
    tell(`a node on its own: filled in ${((performance.now() - startedMs) / 1_000).toFixed(1)} s`);
    // A snapshot may be under way; the kill decides how much of the log is read again.
    node.kill('SIGKILL');
    await once(node, 'exit');
    const restartMs = performance.now();
    node = start(directory, port);
    await ready(node, port);
    tell(`  killed and ready again in ${((performance.now() - restartMs) / 1_000).toFixed(1)} s`);
    const answer = await fetch(`http://127.0.0.1:${port}/queue/q`);
    const { depth } = (await answer.json()) as { depth: number };
    tell(`  messages it holds: ${depth}`);
  } finally {
    node.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  }
}

function start(directory: string, port: number): ChildProcess {
  const main = join(import.meta.dirname, '../src/main.ts');
  const env = {
    PATH: process.env['PATH'],
    NODE_ID: 'n',
    NODE_PORT: String(port),
    DATA_DIR: directory,
    LOG_LEVEL: 'warn',
  };
  return spawn(process.execPath, [main], { env, stdio: ['ignore', 'inherit', 'inherit'] });
}

async function ready(node: ChildProcess, port: number): Promise<void> {
  for (let attempt = 0; attempt < 6_000; attempt++) {
    if (node.exitCode !== null) throw new Error('the node ended');
    const answer = await fetch(`http://127.0.0.1:${port}/ready`).catch(() => undefined);
    if (answer?.status === 200) return;
    await sleep(10);
  }
  throw new Error('the node did not become ready within a minute');
}

async function enqueueBatch(port: number, from: number): Promise<void> {
  const length = Math.min(1_000, count - from);
  const messages = Array.from({ length }, (_, i) => ({ value: valueOf(from + i).slice(1, -1) }));
  const answer = await fetch(`http://127.0.0.1:${port}/queue/enq`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ queue: 'q', messages }),
  });
  if (answer.status !== 200) throw new Error(`an enqueue was answered ${await answer.text()}`);
}

if (collect === undefined) throw new Error('run it with node --expose-gc');
measureMachine('without keys', () => undefined);
measureMachine('with 10,000 keys', (i) => `key-${i % 10_000}`);
if (!process.argv.includes('--no-node')) await measureNode();
