import { setTimeout as delay } from 'node:timers/promises';
import { waitUntil } from '@quorate/testkit';
import type { Arena, Check, Workload } from '@quorate/testkit';
import { ack, consume, take } from './consumers.ts';
import { Ledger } from './ledger.ts';
import type { Exemptions } from './ledger.ts';
import { killWithParkedConsumers } from './parked-consumers.ts';
import { produce } from './producers.ts';

const strict = ['orders', 'mails', 'images', 'jobs'];
const exempt: Exemptions = {
  mortal: 'mortal',
  purged: 'purged',
  poison: 'poison',
  deadLetters: 'poison-dead',
};
const queues = [...strict, exempt.mortal, exempt.purged, exempt.poison];
const purgeEachMs = 7_000;

/** In the manner of Jepsen's total queue: everything that went in is accounted for at the end. */
export function queueWorkload({ parked }: { readonly parked: number }): Workload {
  const ledger = new Ledger(exempt);
  const interludes: Check[] = [];
  return {
    prepare: define,
    run: async (arena) => {
      await Promise.all([
        produce(arena, ledger, {
          producers: 10,
          targets: queues.map((queue) => ({
            queue,
            isStrict: strict.includes(queue),
            ...(queue === exempt.mortal ? { ttlMs: 1_500 } : {}),
          })),
        }),
        consume(arena, ledger, { consumers: 16, queues, poison: exempt.poison }),
        purge(arena, ledger),
      ]);
    },
    interlude: async (arena) => {
      const fromMs = arena.now();
      const check = await killWithParkedConsumers(arena, parked);
      interludes.push(check);
      ledger.faulted(
        { told: '', nodes: arena.cluster.names, heal: () => Promise.resolve() },
        fromMs,
      );
      return { kind: 'kill', told: check.name, fromMs, healedMs: arena.now() };
    },
    faulted: (fault, atMs) => ledger.faulted(fault, atMs),
    judge: async (arena) => {
      const drained = await drain(arena, ledger);
      return [...ledger.judge(), drained, ...interludes];
    },
  };
}

/** The strict queues never give up a message, so that nothing ends but by an ack. */
async function define(arena: Arena): Promise<void> {
  const put = (queue: string, settings: object): Promise<true> =>
    waitUntil(
      `the queue ${queue}`,
      async () => {
        const url = `${arena.cluster.processes.url(arena.cluster.names[0]!)}/queue/${queue}`;
        const headers = { 'content-type': 'application/json' };
        const body = JSON.stringify(settings);
        const response = await fetch(url, { method: 'PUT', headers, body });
        await response.arrayBuffer();
        return response.ok;
      },
      { timeoutMs: 10_000 },
    );
  for (const queue of queues) {
    const settings =
      queue === exempt.poison
        ? { max_deliveries: 2, dead_letter_queue: exempt.deadLetters }
        : { max_deliveries: 0 };
    await put(queue, settings);
  }
}

async function purge(arena: Arena, ledger: Ledger): Promise<void> {
  let nextMs = arena.now() + purgeEachMs;
  while (!arena.isOver) {
    await delay(50);
    if (arena.now() < nextMs) continue;
    nextMs += purgeEachMs;
    const answer = await arena.tryOnce(
      arena.random.pick(arena.cluster.names),
      `/queue/${exempt.purged}/purge`,
      {},
    );
    // Without an answer it may still happen, within the time that a node keeps a proposal.
    const doneMs = typeof answer === 'object' ? answer.receivedMs : arena.now() + 30_000;
    ledger.purges.push({ doneMs });
  }
}

const drainedWithinMs = 60_000;

/** Takes and acks whatever remains, until every queue says that it is empty. */
async function drain(arena: Arena, ledger: Ledger): Promise<Check> {
  const all = [...queues, exempt.deadLetters];
  const giveUpMs = arena.now() + drainedWithinMs;
  let remaining = 0;
  const empty = async (queue: string): Promise<void> => {
    while (arena.now() < giveUpMs) {
      const deliveries = await take(arena, ledger, { queue, max: 50, waitMs: 200 });
      remaining += deliveries.length;
      await Promise.all(deliveries.map((delivery) => ack(arena, ledger, delivery)));
      if (deliveries.length === 0 && (await depth(arena, queue)) === 0) return;
    }
  };
  await Promise.all(all.map(empty));
  const depths = await Promise.all(
    all.map(async (queue) => ({ queue, depth: await depth(arena, queue) })),
  );
  return {
    name: 'after the storm every queue can be emptied',
    says: `${remaining} deliveries remained`,
    violations: depths
      .filter(({ depth: left }) => left !== 0)
      .map(({ queue, depth: left }) => `${queue} has ${left ?? '?'} messages still`),
  };
}

async function depth(arena: Arena, queue: string): Promise<number | undefined> {
  const node = arena.random.pick(arena.cluster.names);
  const answer = await arena.tryOnce(node, `/queue/${queue}`, undefined, 2_000);
  if (typeof answer !== 'object') return undefined;
  if (answer.status === 404) return 0;
  return answer.status === 200 ? (answer.body['depth'] as number) : undefined;
}
