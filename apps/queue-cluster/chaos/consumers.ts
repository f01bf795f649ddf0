import { setTimeout as delay } from 'node:timers/promises';
import type { Arena } from '@quorate/testkit';
import type { Delivery, Ledger } from './ledger.ts';

export const visibilityMs = 2_500;

interface DeliveredMessage {
  readonly msg_id: string;
  readonly receipt: string;
  readonly queue: string;
  readonly value: string;
  readonly deliveries: number;
}

/** Takes some messages, once; an answer that is lost is a delivery that nobody saw. */
export async function take(
  arena: Arena,
  ledger: Ledger,
  asked: { readonly queue: string; readonly max: number; readonly waitMs: number },
): Promise<readonly Delivery[]> {
  const node = arena.random.pick(arena.cluster.names);
  const body = {
    queue: asked.queue,
    max: asked.max,
    wait_ms: asked.waitMs,
    visibility_ms: visibilityMs,
  };
  const answer = await arena.tryOnce(node, '/queue/deq', body, asked.waitMs + 1_000);
  if (typeof answer !== 'object' || answer.status !== 200) return [];
  const messages = answer.body['messages'] as readonly DeliveredMessage[];
  return messages.map(({ msg_id, receipt, queue, value }) => {
    const { sentMs, receivedMs } = answer;
    const delivery: Delivery = {
      id: value,
      queue,
      msgId: msg_id,
      receipt,
      node,
      sentMs,
      receivedMs,
      leaseUntilMs: sentMs + visibilityMs,
      settledMs: undefined,
      ackAskedMs: undefined,
      ackedMs: undefined,
    };
    ledger.deliveries.push(delivery);
    return delivery;
  });
}

export async function ack(arena: Arena, ledger: Ledger, delivery: Delivery): Promise<void> {
  delivery.ackAskedMs = delivery.settledMs = arena.now();
  const { receipt } = delivery;
  const result = await arena.insist(
    '/queue/ack',
    { receipt, request_id: `ack-${receipt}` },
    { attemptMs: 1_500 },
  );
  if (result.kind === 'answered' && result.answer.status === 200) {
    delivery.ackedMs = result.answer.receivedMs;
    ledger.outstanding.delete(delivery.id);
    arena.pulse.beat(delivery.queue);
  } else if (result.kind === 'answered') {
    // Stale or gone: this ack, with all its attempts, certainly did nothing.
    delivery.ackAskedMs = undefined;
  }
}

/** Consumers that mostly do their work, and sometimes fail, stall, ask for more time or vanish. */
export async function consume(
  arena: Arena,
  ledger: Ledger,
  { consumers, queues, poison }: { consumers: number; queues: readonly string[]; poison: string },
): Promise<void> {
  const live = async (): Promise<void> => {
    const { random } = arena;
    while (!arena.isOver) {
      const queue = random.pick(queues);
      const waitMs = random.chance(0.5) ? random.integer(50, 500) : 0;
      const deliveries = await take(arena, ledger, { queue, max: random.integer(1, 5), waitMs });
      await Promise.all(
        deliveries.map((delivery) => work(arena, { ledger, delivery, isPoison: queue === poison })),
      );
      if (deliveries.length === 0) await delay(random.integer(0, 20));
    }
  };
  await Promise.all(Array.from({ length: consumers }, live));
}

interface Work {
  readonly ledger: Ledger;
  readonly delivery: Delivery;
  readonly isPoison: boolean;
}

async function work(arena: Arena, { ledger, delivery, isPoison }: Work): Promise<void> {
  const { random } = arena;
  const fate = random.next();
  await delay(random.integer(0, 15));
  if (fate < 0.03) return;
  if (fate < (isPoison ? 0.5 : 0.1)) {
    delivery.settledMs = arena.now();
    const body = { receipt: delivery.receipt, delay_ms: random.pick([0, 0, 200]) };
    await arena.tryOnce(random.pick(arena.cluster.names), '/queue/nack', body);
    return;
  }
  if (fate > 0.98) await delay(visibilityMs + random.integer(0, 500));
  else if (fate > 0.93) await extend(arena, delivery);
  await ack(arena, ledger, delivery);
}

async function extend(arena: Arena, delivery: Delivery): Promise<void> {
  const body = { receipt: delivery.receipt, visibility_ms: visibilityMs };
  const node = arena.random.pick(arena.cluster.names);
  const answer = await arena.tryOnce(node, '/queue/extend', body, 1_000);
  if (typeof answer === 'object' && answer.status === 200) {
    delivery.leaseUntilMs = Math.max(delivery.leaseUntilMs, answer.sentMs + visibilityMs);
  }
}
