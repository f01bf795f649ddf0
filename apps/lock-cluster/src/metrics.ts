import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { LockService } from './lock-service.ts';
import type { LockEvent } from './state-machine/index.ts';

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15, 60];

export type AcquireResult =
  'granted' | 'held' | 'queued' | 'timeout' | 'cancelled' | 'deadlock' | 'refused';

/** Acquires are counted where they came in; what the log did by itself, by whoever leads. */
export class LockMetrics {
  readonly #acquired: Counter<'result'>;
  readonly #duration: Histogram;
  readonly #deadlocks: Counter;
  readonly #expired: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#acquired = new Counter({
      name: 'lock_acquire_total',
      help: 'Acquires and conversions through this node, by result',
      labelNames: ['result'],
      registers,
    });
    this.#duration = new Histogram({
      name: 'lock_acquire_duration_seconds',
      help: 'From an acquire to its answer, waiting included',
      buckets: seconds,
      registers,
    });
    this.#deadlocks = new Counter({
      name: 'lock_deadlocks_total',
      help: 'Requests refused because they would have closed a circle of waits',
      registers,
    });
    this.#expired = new Counter({
      name: 'lock_expired_total',
      help: 'Leases that ended without a release, while this node led',
      registers,
    });
  }

  acquired(result: AcquireResult, durationMs: number): void {
    this.#acquired.inc({ result });
    this.#duration.observe(durationMs / 1_000);
    if (result === 'deadlock') this.#deadlocks.inc();
  }

  watch(registry: Registry, { group, table }: LockService): void {
    group.onEvents((events: readonly LockEvent[]) => {
      const expired = events.filter((event) => event.kind === 'expired').length;
      if (expired > 0 && group.status().role === 'leader') this.#expired.inc(expired);
    });
    const gauge = (name: string, help: string, read: () => number): void => {
      new Gauge({
        name,
        help,
        registers: [registry],
        collect() {
          this.set(read());
        },
      });
    };
    gauge('lock_held', 'Holds in the table', () => table.counts().holds);
    gauge('lock_waiting', 'Requests that wait in line', () => table.counts().waits);
  }
}
