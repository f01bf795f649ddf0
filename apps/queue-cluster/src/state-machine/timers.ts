import type { Expiry } from './expiry.ts';
import { IndexedHeap, type HeapMember } from './indexed-heap.ts';
import type { Queue } from './queue.ts';
import type { Slot } from './slot.ts';
import type { Wait } from './wait.ts';

/**
 * Something that is due at a moment of cluster time. What is due at the same moment is done in the
 * order of rank and number, so that nodes whose heaps grew differently (one of them from a snapshot)
 * still do the same things first when an entry's budget does not reach for all.
 */
interface Due extends HeapMember {
  /** Whatever is among the timers has one. */
  readonly dueAtMs: number | undefined;
  readonly rank: number;
  readonly number: number;
}

/** A delivery's lease or a delay ends · a message's time to live ends · a wait ends · a queue has work. */
export type Timer = (Slot | Expiry | Wait | Queue) & Due;

export const rankOf = { queue: 0, wait: 1, expiry: 2, slot: 3 } as const;

export type Timers = IndexedHeap<Timer>;

export const createTimers = (): Timers =>
  new IndexedHeap<Timer>((a, b) => {
    if (a.dueAtMs !== b.dueAtMs) return a.dueAtMs! < b.dueAtMs!;
    if (a.rank !== b.rank) return a.rank < b.rank;
    return a.number < b.number;
  });
