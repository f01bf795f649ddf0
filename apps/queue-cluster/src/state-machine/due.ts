import type { AppliedAt, NodeId } from '@quorate/raft';
import type { Queue } from './queue.ts';
import { remember } from './deliver.ts';
import { expire } from './expire.ts';
import { fail, returnUncounted } from './settle.ts';
import type { ShardState } from './shard-state.ts';
import type { Timer } from './timers.ts';

/** How much one entry does; what is left is still due and follows in further entries. */
export const dueMax = 1_000;

export function nextDeadline(state: ShardState): number | undefined {
  // Some who wait can be served, only the last entry had done its share.
  if (state.stirred.size > 0) return 0;
  const timer = state.timers.first?.dueAtMs ?? Infinity;
  const earliest = Math.min(timer, state.seen.dueAtMs, state.given.dueAtMs);
  return earliest === Infinity ? undefined : earliest;
}

export function doWhatIsDue(state: ShardState, at: AppliedAt): void {
  let budget = dueMax;
  for (;;) {
    const timer = state.timers.first;
    if (timer === undefined || timer.dueAtMs! > at.atMs || budget <= 0) break;
    budget -= fire(state, timer, budget, at);
  }
  state.seen.forgetDue(at.atMs, dueMax);
  state.given.forgetDue(at.atMs, dueMax);
}

/** Does what the timer is for, takes it off the heap or sets it anew, and says what it cost. */
function fire(state: ShardState, timer: Timer, budget: number, at: AppliedAt): number {
  switch (timer.kind) {
    case 'queue':
      return clearOut(state, timer, budget, at);
    case 'wait':
      state.endWait(timer);
      remember(
        state,
        { name: timer.name, rememberMs: timer.request.rememberMs },
        { messages: [], why: 'timeout' },
        at,
      );
      state.events.push({ kind: 'wait-over', wait: timer.name, why: 'timeout' });
      return 1;
    case 'expiry':
      if (timer.message.purged) state.discard(timer.message, at.atMs);
      else expire(state, timer.message, at);
      return 1;
    case 'slot':
      // Decided before its lease ended: what is purged does not become a dead letter.
      if (timer.message.purged) {
        state.discard(timer.message, at.atMs);
        return 1;
      }
      if (timer.group.removed) {
        state.settle(timer, at.atMs);
        return 1;
      }
      state.touch(timer.message);
      if (timer.state === 'delayed') {
        timer.group.release(timer);
        state.stir(timer.group);
      } else {
        fail(state, timer, 'lease-expired', at);
      }
      return 1;
  }
}

/** Takes apart what is purged or older than the retention, then sweeps, boundedly. */
function clearOut(state: ShardState, queue: Queue, budget: number, at: AppliedAt): number {
  state.touchQueue(queue);
  const bornBeforeMs = at.atMs - queue.settings.retentionMs;
  let cleared = 0;
  for (;;) {
    const { first } = queue.messages;
    if (first === undefined || cleared === budget) break;
    if (!first.purged) {
      if (first.enqueuedAtMs > bornBeforeMs) break;
      state.touch(first);
      state.tellExpired(first);
    }
    state.discard(first, at.atMs);
    cleared += 1;
  }
  for (const group of queue.groups.values()) state.stir(group);
  const swept = sweep(state, queue, budget - cleared, at);
  scheduleNext(state, queue, at);
  return Math.max(1, cleared + swept);
}

/** Takes from removed groups what they were still to see. */
function sweep(state: ShardState, queue: Queue, budget: number, at: AppliedAt): number {
  if (queue.leaving.size === 0) return 0;
  let looked = 0;
  while (queue.sweep !== undefined && looked < budget) {
    const message = queue.sweep;
    queue.sweep = message.next;
    looked += 1;
    for (const slot of message.slots) if (slot.group.removed) state.settle(slot, at.atMs);
  }
  if (queue.sweep === undefined) queue.leaving.clear();
  return looked;
}

function scheduleNext(state: ShardState, queue: Queue, at: AppliedAt): void {
  const { first } = queue.messages;
  if (first === undefined) {
    queue.wakeAt(Infinity);
    if (queue.deleted) state.queues.delete(queue.number);
  } else if (queue.purging || queue.leaving.size > 0) {
    queue.wakeAt(at.atMs);
  } else {
    queue.wakeAt(first.enqueuedAtMs + queue.settings.retentionMs);
  }
}

/**
 * A node began a new life, or is gone: whoever waited through a former life waits no more, and what
 * was leased to them without their answer being known to have left returns at once, uncounted.
 */
export function endLives(
  state: ShardState,
  gone: { readonly node: NodeId; readonly incarnation: number | undefined },
  at: AppliedAt,
): void {
  const isOver = (life: { readonly node: string; readonly incarnation: number }): boolean =>
    life.node === gone.node && life.incarnation !== gone.incarnation;
  for (const wait of state.waits.values()) {
    if (!isOver(wait.answerer)) continue;
    state.endWait(wait);
    state.events.push({ kind: 'wait-over', wait: wait.name, why: 'node-gone' });
  }
  // Gathered and put in order first: a node that restored a snapshot knows the lives in another order.
  const slots = [...state.unconfirmed.values()]
    .flatMap((leases) => [...leases].filter(isOver))
    .map((lease) => lease.slot)
    .sort((a, b) => a.number - b.number || a.group.number - b.group.number);
  returnUncounted(state, slots, at);
}
