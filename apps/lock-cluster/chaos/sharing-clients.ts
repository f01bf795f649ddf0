import { setTimeout as delay } from 'node:timers/promises';
import type { Arena } from '@quorate/testkit';
import type { Holds } from './holds.ts';

const ttlMs = 2_500;
const modes = ['S', 'S', 'S', 'U', 'X', 'IS', 'IX', 'SIX'];

/** Clients that share in all modes and change them while they hold. */
export class SharingClients {
  private readonly holds: Holds;
  private readonly clients: number;
  private readonly keys: number;

  constructor(holds: Holds, { clients, keys }: { clients: number; keys: number }) {
    this.holds = holds;
    this.clients = clients;
    this.keys = keys;
  }

  async run(arena: Arena): Promise<void> {
    const live = async (client: number): Promise<void> => {
      for (let turn = 0; !arena.isOver; turn++) await this.share(arena, `m${client}-${turn}`);
    };
    await Promise.all(Array.from({ length: this.clients }, (_, client) => live(client)));
  }

  private async share(arena: Arena, client: string): Promise<void> {
    const { random } = arena;
    const key = `m-${random.integer(1, this.keys)}`;
    const mode = random.pick(modes);
    const waitMs = random.chance(0.5) ? random.integer(100, 2_000) : 0;
    const sentMs = arena.now();
    const result = await arena.insist(
      '/lock/acquire',
      { key, mode, client_id: client, ttl_ms: ttlMs, wait_ms: waitMs, request_id: client },
      { attemptMs: waitMs + 3_000, patienceMs: 10_000 },
    );
    if (result.kind !== 'answered' || result.answer.status !== 200) return;
    arena.pulse.beat('locks');
    const endMs = sentMs + ttlMs;
    const token = result.answer.body['fencing_token'] as number;
    await delay(random.integer(0, 25));
    let held = { mode, token, fromMs: result.answer.receivedMs };
    const note = (untilMs: number): void => {
      const what = { client, mode: held.mode, token: held.token };
      this.holds.add({ key, fromMs: held.fromMs, toMs: Math.min(untilMs, endMs), what });
    };
    if (random.chance(0.3)) {
      const to = random.pick(['X', 'S', 'IS']);
      note(arena.now());
      const node = random.pick(arena.cluster.names);
      const body = { key, client_id: client, mode: to, wait_ms: random.integer(0, 500) };
      const answer = await arena.tryOnce(node, '/lock/convert', body, 3_000);
      // Whatever else came of it, it is not known what is held now.
      if (typeof answer !== 'object' || answer.status !== 200)
        return this.letGo(arena, key, client);
      held = {
        mode: answer.body['mode'] as string,
        token: answer.body['fencing_token'] as number,
        fromMs: answer.receivedMs,
      };
      await delay(random.integer(0, 15));
    }
    note(arena.now());
    await this.letGo(arena, key, client);
  }

  private async letGo(arena: Arena, key: string, client: string): Promise<void> {
    await arena.insist('/lock/release', { key, client_id: client }, { patienceMs: 5_000 });
  }
}
