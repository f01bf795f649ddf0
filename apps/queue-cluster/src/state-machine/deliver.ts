import type { AppliedAt, Origin } from '@quorate/raft';
import type { Delivered, NodeLife, WaitName } from './commands.ts';
import type { ConsumerGroup } from './consumer-group.ts';
import { expire } from './expire.ts';
import { parseReceipt } from './message-id.ts';
import type { ShardState } from './shard-state.ts';
import type { Lease, Slot } from './slot.ts';
import { waitKey, type Wait, type WaitRequest } from './wait.ts';

/** What one entry may still do: each delivery, and each message found expired, costs one. */
export interface Work {
  left: number;
}

export const workMax = 1_000;

/** Takes what the group can give now, leased; empty when there is nothing, or too much is out. */
export function take(
  state: ShardState,
  group: ConsumerGroup,
  request: WaitRequest & { readonly answerer: NodeLife },
  at: AppliedAt,
  work: Work,
): readonly Delivered[] {
  const taken: Delivered[] = [];
  if (group.queue.purging) return taken;
  let bytes = 0;
  while (taken.length < request.max && group.inFlight < request.inFlightMax && work.left > 0) {
    const slot = group.peek();
    if (slot === undefined) break;
    if (slot.message.isOver(at.atMs)) {
      // Its time to live is over, only the clock's entry has not come by yet.
      expire(state, slot.message, at);
      work.left -= 1;
      continue;
    }
    bytes += slot.message.size;
    if (taken.length > 0 && bytes > request.bytesMax) break;
    taken.push(leaseOut(state, slot, request, at));
    work.left -= 1;
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
  const { key, value, priority, headers, wallMs, dead } = message;
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

/** Of deliveries made before, those that are still out under the receipts they were made with. */
export function stillOut(state: ShardState, receipts: readonly string[]): readonly Slot[] {
  const slots: Slot[] = [];
  for (const receipt of receipts) {
    const name = parseReceipt(receipt)!;
    const slot = state.findSlot(name);
    if (slot?.state === 'in-flight' && slot.attempt === name.attempt) slots.push(slot);
  }
  return slots;
}

/**
 * The request for these was asked again. Whoever answers it now must confirm them anew: until then
 * they return at once should that node go, and no more with the one that answered first.
 */
export function handOn(
  state: ShardState,
  receipts: readonly string[],
  at: AppliedAt,
): readonly Delivered[] {
  return stillOut(state, receipts).map((slot) => {
    const { node, incarnation }: Origin = at.origin;
    const { consumer } = slot.lease!;
    state.touch(slot.message);
    state.forgetLease(slot);
    slot.lease = { slot, consumer, node, incarnation, index: at.index, confirmed: false };
    state.rememberLease(slot.lease);
    return describe(state, slot, at.atMs);
  });
}

/**
 * Wakes, in order, exactly as many of those who wait as can be served, until nobody can be or this
 * entry has done its share. What is left stays stirred, which is part of the state, and the clock's
 * next entry goes on.
 */
export function serveWaits(state: ShardState, at: AppliedAt): void {
  const work: Work = { left: workMax };
  while (state.stirred.size > 0 && work.left > 0) {
    for (const group of takeStirred(state)) {
      if (work.left > 0) serveGroup(state, group, at, work);
      else state.stirred.add(group);
    }
  }
}

function serveGroup(state: ShardState, group: ConsumerGroup, at: AppliedAt, work: Work): void {
  while (group.ready > 0) {
    const wait = firstWait(group);
    if (wait === undefined) return;
    const { name, answerer, request } = wait;
    const { rememberMs } = request;
    const messages = take(state, group, { ...request, answerer }, at, work);
    if (messages.length > 0) {
      state.endWait(wait);
      remember(state, { name, rememberMs }, { messages, why: 'served' }, at);
      state.events.push({ kind: 'wait-served', wait: name, answerer, messages });
    }
    if (work.left === 0) {
      state.stir(group);
      return;
    }
    if (messages.length === 0) return;
  }
}

/** Keeps what a wait came to, for a caller that may ask again. */
export function remember(
  state: ShardState,
  wait: { readonly name: WaitName; readonly rememberMs: number },
  end: {
    readonly messages: readonly Delivered[];
    readonly why: 'served' | 'timeout' | 'queue-deleted' | 'group-removed';
  },
  at: AppliedAt,
): void {
  if (wait.rememberMs === 0) return;
  const receipts = end.messages.map((one) => one.receipt);
  const untilMs = at.atMs + wait.rememberMs;
  state.given.add(waitKey(wait.name), { receipts, why: end.why, untilMs });
}

function takeStirred(state: ShardState): readonly ConsumerGroup[] {
  const groups = sortGroups(state.stirred);
  state.stirred.clear();
  return groups;
}

/** In an order that does not depend on what stirred them, so that all nodes tell the same story. */
export function sortGroups(groups: Iterable<ConsumerGroup>): readonly ConsumerGroup[] {
  return [...groups].sort((a, b) => a.queue.number - b.queue.number || a.number - b.number);
}

function firstWait(group: ConsumerGroup): Wait | undefined {
  for (const wait of group.waits.values()) return wait;
  return undefined;
}
