import { setTimeout as delay } from 'node:timers/promises';
import type { Arena } from '@quorate/testkit';
import type { Ledger, Published } from './ledger.ts';

export interface Target {
  readonly queue: string;
  readonly ttlMs?: number;
  /** Nothing but an ack ends a message there. */
  readonly isStrict: boolean;
}

/** More than this unacknowledged, and producers wait for the consumers. */
const outstandingMax = 400;

/** Each publishes to keys of its own, one message after another, and sometimes a few without a key. */
export async function produce(
  arena: Arena,
  ledger: Ledger,
  { producers, targets }: { producers: number; targets: readonly Target[] },
): Promise<void> {
  const live = async (producer: number): Promise<void> => {
    let generation = 0;
    for (let turn = 0; !arena.isOver; turn++) {
      if (ledger.outstanding.size > outstandingMax) {
        await delay(20);
        continue;
      }
      const target = arena.random.pick(targets);
      const isKeyed = arena.random.chance(0.7);
      const name = `p${producer}-${turn}`;
      const messages = Array.from(
        { length: isKeyed ? 1 : arena.random.integer(1, 4) },
        (_, i): Published => ({
          id: `${name}-${i}`,
          queue: target.queue,
          key: isKeyed ? `k${producer}-${generation}` : undefined,
          sentMs: arena.now(),
          result: 'unknown',
        }),
      );
      for (const message of messages) ledger.published.set(message.id, message);
      const result = await publish(arena, name, messages, target);
      for (const message of messages) message.result = result;
      // One in doubt may still come into the log after those that follow it: its key is not used again.
      if (result === 'unknown') generation += 1;
      if (result === 'acknowledged') {
        arena.pulse.beat(target.queue);
        if (target.isStrict) for (const { id } of messages) ledger.outstanding.add(id);
      }
      await delay(arena.random.integer(0, 15));
    }
  };
  await Promise.all(Array.from({ length: producers }, (_, producer) => live(producer)));
}

async function publish(
  arena: Arena,
  request_id: string,
  messages: readonly Published[],
  { queue, ttlMs }: Target,
): Promise<Published['result']> {
  const bodies = messages.map(({ id, key }) => ({ value: id, key, ttl_ms: ttlMs }));
  const result = await arena.insist(
    '/queue/enq',
    bodies.length === 1
      ? { queue, ...bodies[0], request_id }
      : { queue, messages: bodies, request_id },
    { attemptMs: 1_000 },
  );
  if (result.kind !== 'answered') return result.kind;
  if (result.answer.status === 200) return 'acknowledged';
  throw new Error(`enq was answered ${result.answer.status} ${JSON.stringify(result.answer.body)}`);
}
