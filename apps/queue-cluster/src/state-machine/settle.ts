import type { AppliedAt } from '@quorate/raft';
import type { DeadLetter, QueueCommand, QueueReply, Settled } from './commands.ts';
import { buryMessage } from './letters.ts';
import type { MessageName, ReceiptName } from './message-id.ts';
import { backoffMs } from './settings.ts';
import type { ShardState } from './shard-state.ts';
import type { Slot } from './slot.ts';
import { lifeKey } from './wait.ts';

/** The live delivery that a receipt names; a receipt of an earlier one is stale for ever. */
function live(state: ShardState, receipt: ReceiptName): Slot | 'stale' | 'not-found' {
  const slot = state.findSlot(receipt);
  if (slot === undefined) return 'not-found';
  return slot.state === 'in-flight' && slot.attempt === receipt.attempt ? slot : 'stale';
}

/** A message's one live delivery; without exactly one, the caller must say which it means. */
function onlyDelivery(
  state: ShardState,
  name: MessageName,
): Slot | Extract<QueueReply, { kind: 'not-found' | 'receipt-required' }> {
  const message = state.findMessage(name);
  if (message === undefined) return { kind: 'not-found', what: 'message' };
  const [slot, ...others] = message.slots.filter((one) => one.state === 'in-flight');
  return slot === undefined || others.length > 0 ? { kind: 'receipt-required' } : slot;
}

export function ack(
  state: ShardState,
  receipts: readonly ReceiptName[],
  at: AppliedAt,
): QueueReply {
  const results = receipts.map((receipt): Settled => {
    const slot = live(state, receipt);
    if (typeof slot === 'string') return slot;
    state.settle(slot, at.atMs);
    return 'acked';
  });
  return { kind: 'acked', results };
}

export function ackMessage(state: ShardState, name: MessageName, at: AppliedAt): QueueReply {
  const slot = onlyDelivery(state, name);
  if (!('message' in slot)) return slot;
  state.settle(slot, at.atMs);
  return { kind: 'acked', results: ['acked'] };
}

export function nack(
  state: ShardState,
  command: Extract<QueueCommand, { kind: 'nack' }>,
  at: AppliedAt,
): QueueReply {
  const { target } = command;
  const slot =
    target.kind === 'receipt' ? live(state, target.receipt) : onlyDelivery(state, target.message);
  if (slot === 'stale') return { kind: 'stale' };
  if (slot === 'not-found') return { kind: 'not-found', what: 'message' };
  if (!('message' in slot)) return slot;
  state.touch(slot.message);
  slot.lastError = command.error;
  return { kind: 'nacked', deadLettered: fail(state, slot, 'nacked', at, command.delayMs) };
}

/** A delivery failed: the message rests and returns to its place, or has failed too often. */
export function fail(
  state: ShardState,
  slot: Slot,
  reason: DeadLetter['reason'],
  at: AppliedAt,
  delayMs?: number,
): boolean {
  const { maxDeliveries, backoff } = slot.message.queue.settings;
  if (maxDeliveries > 0 && slot.deliveries >= maxDeliveries) {
    buryMessage(state, slot, reason, at);
    return true;
  }
  const restMs = delayMs ?? backoffMs(backoff, slot.deliveries);
  state.giveBack(slot, at.atMs + restMs, at.atMs);
  return false;
}

export function extend(
  state: ShardState,
  command: Extract<QueueCommand, { kind: 'extend' }>,
  at: AppliedAt,
): QueueReply {
  const slot = live(state, command.receipt);
  if (slot === 'stale') return { kind: 'stale' };
  if (slot === 'not-found') return { kind: 'not-found', what: 'message' };
  state.touch(slot.message);
  slot.group.extend(slot, at.atMs + command.visibilityMs);
  return { kind: 'extended', dueAtMs: slot.dueAtMs! };
}

/** The deliveries never reached anybody: they do not count against the message. */
export function returnUncounted(state: ShardState, slots: Iterable<Slot>, at: AppliedAt): void {
  for (const slot of slots) {
    state.touch(slot.message);
    slot.deliveries -= 1;
    state.giveBack(slot, at.atMs, at.atMs);
  }
}

export function returnReceipts(
  state: ShardState,
  receipts: readonly ReceiptName[],
  at: AppliedAt,
): QueueReply {
  const slots = receipts.map((receipt) => live(state, receipt));
  returnUncounted(
    state,
    slots.filter((slot) => typeof slot !== 'string'),
    at,
  );
  return { kind: 'done' };
}

/** The node has answered everything it was to deliver up to this entry: these leases stand. */
export function confirm(state: ShardState, upTo: number, at: AppliedAt): QueueReply {
  const key = lifeKey({ node: at.origin.node, incarnation: at.origin.incarnation });
  const leases = state.unconfirmed.get(key);
  for (const lease of leases ?? []) {
    if (lease.index > upTo) continue;
    state.touch(lease.slot.message);
    lease.confirmed = true;
    leases?.delete(lease);
  }
  if (leases?.size === 0) state.unconfirmed.delete(key);
  return { kind: 'done' };
}
