import { Counter, Gauge, type Registry } from 'prom-client';
import type { BusTransactionKind } from '@quorate/mesi';
import type { BusCounts } from './lines/bus-counts.ts';
import { lineStates, type LineCache } from './lines/line-cache.ts';
import type { Shard } from './shards/shard.ts';

/** What every read adds to; plain numbers, because a hit costs little more than this. */
export interface ReadCounts {
  hits: number;
  misses: number;
  /** Values that the directory knew and memory did not have. */
  lost: number;
}

export const busKinds: readonly BusTransactionKind[] = [
  'BusRd',
  'BusRdX',
  'BusUpgr',
  'Flush',
  'Drop',
];

interface Watched {
  readonly reads: ReadCounts;
  readonly bus: BusCounts;
  readonly lines: LineCache;
  readonly shards: readonly Shard[];
}

/** Everything is counted in plain numbers where it happens, and read when somebody looks. */
export function watchCache(registry: Registry, { reads, bus, lines, shards }: Watched): void {
  const registers = [registry];
  const counter = (name: string, help: string, value: () => number): void => {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(value());
      },
    });
  };
  const gauge = (name: string, help: string, value: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  };
  counter('cache_hits_total', 'Reads answered from a line of this node', () => reads.hits);
  counter('cache_misses_total', 'Reads that had to ask', () => reads.misses);
  counter('cache_lost_total', 'Values that memory no longer had', () => reads.lost);
  counter('cache_invalidations_total', 'Lines given up', () => lines.invalidations);
  counter('cache_evictions_total', 'Lines that had to make room', () => lines.evictions);
  gauge('cache_lines', 'Lines of this node', () => lines.size);
  gauge('cache_bytes', 'What they hold', () => lines.bytes);
  new Counter({
    name: 'cache_state_transitions_total',
    help: 'Lines of this node that went from one state to another',
    labelNames: ['from', 'to'],
    registers,
    collect() {
      this.reset();
      for (const from of lineStates) {
        for (const to of lineStates) {
          if (from !== to) this.inc({ from, to }, lines.transitions(from, to));
        }
      }
    },
  });
  new Counter({
    name: 'cache_bus_transactions_total',
    help: 'Asked for by this node (BusRd, BusRdX, BusUpgr), or applied here (Flush, Drop)',
    labelNames: ['kind'],
    registers,
    collect() {
      this.reset();
      for (const kind of busKinds) this.inc({ kind }, bus[kind]);
    },
  });
  new Gauge({
    name: 'cache_local_lease_valid',
    help: '1 while this node may answer hits of the shard',
    labelNames: ['shard'],
    registers,
    collect() {
      for (const { number, group } of shards) {
        this.set({ shard: number }, group.mayServeLocally() ? 1 : 0);
      }
    },
  });
  new Gauge({
    name: 'cache_flush_lag_entries',
    help: 'Keys that memory is behind with',
    labelNames: ['shard'],
    registers,
    collect() {
      for (const { number, state } of shards) this.set({ shard: number }, state.dirty.size);
    },
  });
}
