/**
 * What the file store costs on this disk: `npx nx bench-storage raft [-- <folder>]`.
 *
 * `alone`: each batch is written when the one before it is durable, so a row is the latency of one
 * sync. `64 in flight`: batches gather while a sync is under way (group commit). Preallocated and
 * growing segments take turns, for a disk that others use is never the same twice.
 */
import fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DurableWrite, Entry, LogStore, SyncReport } from '../src/index.ts';
import { logIndex, openFileStore, term } from '../src/index.ts';

const payload = Buffer.alloc(100, 'q');
const roundMs = 1_000;
const rounds = 3;

interface Figures {
  readonly elapsedMs: number;
  readonly batches: number;
  readonly syncs: readonly SyncReport[];
}

const base = process.argv[2] ?? tmpdir();
const print = (cells: readonly (string | number)[]): void => {
  process.stdout.write(`${cells.map((cell) => String(cell).padStart(14)).join('')}\n`);
};

function batchFrom(first: number, size: number): readonly Entry[] {
  return Array.from({ length: size }, (_, i) => ({
    index: logIndex(first + i),
    term: term(1),
    atMs: first + i,
    kind: 'command',
    payload,
  }));
}

async function measure(preallocate: boolean, size: number, inFlightMax: number): Promise<Figures> {
  const directory = await fs.mkdtemp(join(base, 'quorate-bench-'));
  const syncs: SyncReport[] = [];
  const onSync = (sync: SyncReport): void => void syncs.push(sync);
  const store = await openFileStore({ directory, preallocate, reserveBytes: 1 << 20, onSync });
  await store.load();
  const startMs = performance.now();
  const batches = await keepWriting(store, size, inFlightMax, startMs + roundMs);
  const elapsedMs = performance.now() - startMs;
  await store.close();
  await fs.rm(directory, { recursive: true });
  return { elapsedMs, batches, syncs };
}

function keepWriting(
  store: LogStore,
  size: number,
  inFlightMax: number,
  untilMs: number,
): Promise<number> {
  return new Promise((resolve, reject) => {
    let issued = 0;
    let done = 0;
    const issue = (): void => {
      const entries = batchFrom(issued * size + 1, size);
      const write: DurableWrite = {
        id: ++issued,
        hardState: undefined,
        entries,
        install: undefined,
        keepSuffix: true,
        thenSend: [],
      };
      store.write(write, (failure) => {
        done++;
        if (failure !== undefined) reject(new Error(failure.detail));
        else if (performance.now() < untilMs) issue();
        else if (done === issued) resolve(done);
      });
    };
    for (let i = 0; i < inFlightMax; i++) issue();
  });
}

function quantile(sorted: readonly number[], q: number): string {
  return (sorted[Math.floor(sorted.length * q)] ?? NaN).toFixed(3);
}

print([
  'segments',
  'in flight',
  'entries/batch',
  'batches/s',
  'entries/s',
  'syncs/s',
  'p50 ms',
  'p99 ms',
]);
for (const inFlightMax of [1, 64]) {
  for (const size of [1, 16, 128]) {
    const figures = new Map<string, Figures[]>([
      ['preallocated', []],
      ['growing', []],
    ]);
    for (let round = 0; round < rounds; round++) {
      for (const [name, list] of figures) {
        list.push(await measure(name === 'preallocated', size, inFlightMax));
      }
    }
    for (const [name, list] of figures) {
      const elapsedMs = list.reduce((sum, each) => sum + each.elapsedMs, 0);
      const perSecond = (count: number): number => Math.round((count / elapsedMs) * 1_000);
      const batches = list.reduce((sum, each) => sum + each.batches, 0);
      const durations = list
        .flatMap(({ syncs }) => syncs.map(({ durationMs }) => durationMs))
        .sort((a, b) => a - b);
      print([
        name,
        inFlightMax === 1 ? 'alone' : inFlightMax,
        size,
        perSecond(batches),
        perSecond(batches * size),
        perSecond(durations.length),
        quantile(durations, 0.5),
        quantile(durations, 0.99),
      ]);
    }
  }
}
