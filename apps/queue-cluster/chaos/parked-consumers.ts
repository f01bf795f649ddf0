import { waitUntil } from '@quorate/testkit';
import type { Arena, Check } from '@quorate/testkit';

const queue = 'parked';
const messages = 50;
/** What was leased to the dead must be back long before this. */
const visibilityMs = 60_000;
const patienceMs = 25_000;

/** A node is killed with very many consumers waiting at it: nothing may be hidden, nothing counted. */
export async function killWithParkedConsumers(arena: Arena, parked: number): Promise<Check> {
  const name = `a node killed with ${parked} parked consumers hides nothing and counts nothing`;
  const { processes, names } = arena.cluster;
  const node = arena.random.pick(names);
  const other = names.find((one) => one !== node)!;
  const waiting = Array.from({ length: parked }, () =>
    arena.tryOnce(
      node,
      '/queue/deq',
      { queue, wait_ms: 60_000, visibility_ms: visibilityMs },
      90_000,
    ),
  );
  await waitUntil(
    'the consumers to stand in line',
    async () => {
      const answer = await arena.tryOnce(other, `/queue/${queue}`, undefined, 1_000);
      if (typeof answer !== 'object' || answer.status !== 200) return false;
      const groups = answer.body['groups'] as { default?: { waiting: number } };
      return groups.default?.waiting === parked;
    },
    { timeoutMs: 30_000 },
  );
  await processes.kill(node);
  const killedMs = arena.now();
  await Promise.all(waiting);
  const sent = Array.from({ length: messages }, (_, i) => ({ value: `${killedMs}-${i}` }));
  await arena.insist('/queue/enq', { queue, messages: sent, request_id: `parked-${killedMs}` });
  const received: { deliveries: number }[] = [];
  for (let turn = 0; received.length < messages; turn++) {
    if (arena.now() - killedMs > patienceMs) break;
    const body = {
      queue,
      max: messages,
      wait_ms: 2_000,
      request_id: `take-${turn}-${killedMs}`,
    };
    const result = await arena.insist('/queue/deq', body, { attemptMs: 5_000 });
    if (result.kind !== 'answered' || result.answer.status !== 200) continue;
    const taken = result.answer.body['messages'] as { deliveries: number; receipt: string }[];
    received.push(...taken);
    if (taken.length === 0) continue;
    const receipts = taken.map(({ receipt }) => receipt);
    await arena.insist('/queue/ack', {
      receipts,
      request_id: `done-${turn}-${killedMs}`,
    });
  }
  const tookMs = arena.now() - killedMs;
  await processes.startNode(node);
  const counted = received.filter(({ deliveries }) => deliveries !== 1).length;
  return {
    name,
    says: `${received.length} of ${messages} messages with the living after ${tookMs.toFixed(0)} ms`,
    violations: [
      ...(received.length < messages
        ? [`${messages - received.length} hidden for ${patienceMs} ms`]
        : []),
      ...(counted > 0 ? [`${counted} counted as delivered before`] : []),
    ],
  };
}
