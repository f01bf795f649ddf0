import { waitUntil } from '@quorate/testkit';
import type { Arena, Check, Workload } from '@quorate/testkit';
import { ExclusiveClients } from './exclusive-clients.ts';
import { Holds } from './holds.ts';
import { SharingClients } from './sharing-clients.ts';
import { TicketClients } from './ticket-clients.ts';

/** Three kinds of clients at once, through all nodes, each with checks of its own. */
export function lockWorkload(size = 1): Workload {
  const holds = new Holds();
  const exclusive = new ExclusiveClients(holds, { clients: 14 * size, keys: 3 });
  const tickets = new TicketClients(holds, { clients: 6 * size, keys: 2 });
  const sharing = new SharingClients(holds, { clients: 8 * size, keys: 2 });
  return {
    run: async (arena) => {
      await Promise.all([exclusive.run(arena), tickets.run(arena), sharing.run(arena)]);
    },
    judge: async (arena) => [
      ...exclusive.judge(),
      {
        name: 'no two conflicting holds while both leases are valid',
        says: `${holds.all.length} holds compared`,
        violations: holds.conflicts(),
      },
      ...tickets.judge(),
      await nothingIsStuck(arena, holds),
    ],
  };
}

const freeWithinMs = 15_000;

/** A client that was never there gets every key, and then nobody holds or waits for anything. */
async function nothingIsStuck(arena: Arena, holds: Holds): Promise<Check> {
  const keys = [...new Set(holds.all.map(({ key }) => key))];
  const violations: string[] = [];
  let slowestMs = 0;
  const take = async (key: string): Promise<void> => {
    const startedMs = arena.now();
    const client_id = `fresh-${key}`;
    const answer = await arena.tryOnce(
      arena.random.pick(arena.cluster.names),
      '/lock/acquire',
      { key, client_id, wait_ms: freeWithinMs },
      freeWithinMs + 5_000,
    );
    const status = typeof answer === 'object' ? answer.status : answer;
    if (status !== 200) violations.push(`a fresh client was answered ${status} for "${key}"`);
    slowestMs = Math.max(slowestMs, arena.now() - startedMs);
    await arena.insist('/lock/release', { key, client_id });
  };
  await Promise.all(keys.map(take));
  const left = await waitUntil(
    'an empty table',
    async () => {
      const answer = await arena.tryOnce(arena.cluster.names[0]!, '/lock?limit=10', undefined);
      const locks = typeof answer === 'object' ? (answer.body['locks'] as unknown[]) : undefined;
      return locks?.length === 0;
    },
    { timeoutMs: freeWithinMs },
  ).catch((error: unknown) => String(error));
  if (left !== true) violations.push(left);
  return {
    name: 'after the storm nothing is stuck',
    says: `${keys.length} keys taken by a fresh client, the slowest in ${slowestMs.toFixed(0)} ms; none held or waited for after`,
    violations,
  };
}
