import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { logIndex, nodeId, type AppliedAt } from '@quorate/raft';
import { LockTable, type LockCommand, type LockReply } from '../src/state-machine/index.ts';

/**
 * What the lock table costs by itself, without log, disk and HTTP: acquire and release with and
 * without a crowd in line, and a storm of leases that run out at one moment.
 *
 *   npx nx bench-table lock-cluster
 */
const holders = 10_000;
const waiters = 50_000;
const operations = 100_000;

class Driver {
  readonly table = new LockTable();
  nowMs = 0;
  #index = 0;
  #call = 0;

  apply(command: LockCommand): LockReply {
    return this.table.apply(command, this.#at()).reply;
  }

  acquire(client: string, key: string, { waitMs = 0, ttlMs = 3_600_000 } = {}): LockReply {
    const keys = [{ key, mode: 'X' as const }];
    const call = (this.#call += 1);
    return this.apply({ kind: 'acquire', client, keys, ttlMs, waitMs, queue: false, call });
  }

  release(client: string, key: string): LockReply {
    return this.apply({ kind: 'release', client, keys: [key] });
  }

  tick(): void {
    this.table.notice({ kind: 'clock' }, this.#at());
  }

  #at(): AppliedAt {
    this.#index += 1;
    const origin = { node: nodeId('a'), incarnation: 1 };
    return { index: logIndex(this.#index), atMs: this.nowMs, origin };
  }
}

/** Keys that nobody else wants, in a table that may be full of others. */
function freeKeys(driver: Driver): Cost {
  return timed(operations, (i) => {
    const client = `c${i % 500}`;
    driver.acquire(client, `free-${i % 5_000}`);
    driver.release(client, `free-${i % 5_000}`);
  });
}

/** A holder goes, the next in line is granted, and a newcomer stands at its end. */
function handOver(driver: Driver): Cost {
  const perKey = waiters / holders;
  return timed(operations, (i) => {
    const key = i % holders;
    const turn = Math.floor(i / holders);
    driver.release(`h${key}-${turn}`, `held-${key}`);
    driver.acquire(`h${key}-${turn + perKey + 1}`, `held-${key}`, { waitMs: 3_600_000 });
  });
}

function crowd(): Driver {
  const driver = new Driver();
  for (let key = 0; key < holders; key++) {
    driver.acquire(`h${key}-0`, `held-${key}`);
    for (let place = 1; place <= waiters / holders; place++) {
      driver.acquire(`h${key}-${place}`, `held-${key}`, { waitMs: 3_600_000 });
    }
  }
  return driver;
}

function storm(leases: number): { readonly entries: number; readonly longestMs: number } {
  const driver = new Driver();
  for (let i = 0; i < leases; i++) driver.acquire(`c${i}`, `k${i}`, { ttlMs: 1_000 });
  driver.nowMs = 2_000;
  let entries = 0;
  let longestMs = 0;
  for (let due = driver.table.nextDeadline(); due !== undefined && due <= driver.nowMs;) {
    const startMs = performance.now();
    driver.tick();
    longestMs = Math.max(longestMs, performance.now() - startMs);
    entries += 1;
    due = driver.table.nextDeadline();
  }
  return { entries, longestMs };
}

interface Cost {
  /** Processor time, collections of garbage included: what others do on the machine is not in it. */
  readonly cpuMicros: number;
  /** Wall-clock times of single operations, sorted. */
  readonly micros: readonly number[];
}

function timed(count: number, run: (i: number) => void): Cost {
  const micros: number[] = [];
  const before = process.cpuUsage();
  for (let i = 0; i < count; i++) {
    const startMs = performance.now();
    run(i);
    micros.push((performance.now() - startMs) * 1_000);
  }
  const { user, system } = process.cpuUsage(before);
  return { cpuMicros: (user + system) / count, micros: micros.sort((a, b) => a - b) };
}

const at = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;

function tell(what: string, { cpuMicros, micros }: Cost, base?: Cost): void {
  const ratio = base === undefined ? '' : `  ${(cpuMicros / base.cpuMicros).toFixed(2)} ×`;
  process.stdout.write(
    `${what.padEnd(44)} cpu ${cpuMicros.toFixed(2)} µs  median ${at(micros, 0.5).toFixed(2)}` +
      `  p99.9 ${at(micros, 0.999).toFixed(1)}  most ${(micros.at(-1)! / 1_000).toFixed(1)} ms${ratio}\n`,
  );
}

freeKeys(new Driver());
const empty = freeKeys(new Driver());
tell('acquire + release, empty table', empty);
const full = crowd();
tell(`the same beside ${waiters} waiters on ${holders} keys`, freeKeys(full), empty);
tell('release, grant to the next, a newcomer waits', handOver(full), empty);
const { entries, longestMs } = storm(waiters);
process.stdout.write(
  `${waiters} leases that run out at once: ${entries} entries, the longest ${longestMs.toFixed(1)} ms\n`,
);
