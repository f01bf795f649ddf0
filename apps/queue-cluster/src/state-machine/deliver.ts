import type { AppliedAt } from '@quorate/raft';
import type { Delivered, NodeLife } from './commands.ts';
import type { ConsumerGroup } from './consumer-group.ts';
import { expire } from './expire.ts';
import type { ShardState } from './shard-state.ts';
import type { Lease, Slot } from './slot.ts';
import { waitKey, type Wait, type WaitRequest } from './wait.ts';

/** One apply does bounded work; the clock's entries do the rest. */
const expiredMax = 1_000;

/** Takes what the group can give now, leased; empty when there is nothing, or too much is out. */
export function take(
  state: ShardState,
  group: ConsumerGroup,
  request: WaitRequest & { readonly answerer: NodeLife },
  at: AppliedAt,
): readonly Delivered[] {
  const taken: Delivered[] = [];
  if (group.queue.purging) return taken;
  let expired = 0;
  while (taken.length < request.max && group.inFlight < request.inFlightMax) {
    const slot = group.peek();
    if (slot === undefined) break;
    if (slot.message.dueAtMs <= at.atMs) {
      // Its time to live is over, only the clock's entry has not come by yet.
      expire(state, slot.message, at);
      expired += 1;
      if (expired === expiredMax) break;
      continue;
    }
    taken.push(leaseOut(state, slot, request, at));
  }
  return taken;
}

function leaseOut(
  state: ShardState,
  slot: Slot,
  request: WaitRequest & { readonly answerer: NodeLife },
  at: AppliedAt,
): Delivered {
  const { node, incarnation } = request.answerer;
  const { consumer } = request;
  const lease: Lease = { slot, consumer, node, incarnation, index: at.index, confirmed: false };
  state.touch(slot.message);
  slot.group.lease(slot, lease, at.atMs + request.visibilityMs);
  state.rememberLease(lease);
  if (slot.deliveries > 1) {
    const { queue, group } = { queue: slot.message.queue.name, group: slot.group.name };
    state.events.push({ kind: 'redelivered', queue, group });
  }
  return describe(state, slot, at.atMs);
}

/** A delivery as its consumer sees it. */
export function describe(state: ShardState, slot: Slot, atMs: number): Delivered {
  const { message, group } = slot;
  const { key, value, priority, headers, wallMs, dead } = message.content;
  return {
    msgId: state.messageId(message),
    receipt: state.receipt(slot),
    queue: message.queue.name,
    group: group.name,
    key,
    value,
    priority,
    headers,
    deliveries: slot.deliveries,
    enqueuedAtMs: wallMs,
    waitedMs: atMs - message.enqueuedAtMs,
    dead,
  };
}

/** Wakes, in order, exactly as many of those who wait as can be served. */
export function serveWaits(state: ShardState, at: AppliedAt): void {
  for (const group of takeStirred(state)) {
    while (group.ready > 0) {
      const wait = firstWait(group);
      if (wait === undefined) break;
      const { name, answerer } = wait;
      const messages = take(state, group, { ...wait.request, answerer }, at);
      if (messages.length === 0) break;
      state.endWait(wait);
      remember(state, wait, messages, at);
      state.events.push({ kind: 'wait-served', wait: name, answerer, messages });
    }
  }
}

/** Keeps what a wait came to, for a caller that may ask again. */
export function remember(
  state: ShardState,
  wait: Wait,
  messages: readonly Delivered[],
  at: AppliedAt,
): void {
  if (wait.request.rememberMs === 0) return;
  state.given.add(waitKey(wait.name), { messages, untilMs: at.atMs + wait.request.rememberMs });
}

/** In an order that does not depend on what stirred them, so that all nodes tell the same story. */
function takeStirred(state: ShardState): readonly ConsumerGroup[] {
  const groups = [...state.stirred];
  state.stirred.clear();
  return groups.length < 2
    ? groups
    : groups.sort((a, b) => a.queue.number - b.queue.number || a.number - b.number);
}

function firstWait(group: ConsumerGroup): Wait | undefined {
  for (const wait of group.waits.values()) return wait;
  return undefined;
}
