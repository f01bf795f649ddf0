import { setTimeout as delay } from 'node:timers/promises';
import type { Answer, Arena, Check } from '@quorate/testkit';
import type { Holds } from './holds.ts';

const ttlMs = 2_000;
const patienceMs = 60_000;

interface Turn {
  readonly client: string;
  readonly key: string;
  readonly sentMs: number;
  /** When it was known to stand in line; undefined when it was granted at once. */
  queuedMs: number | undefined;
  token: number | undefined;
  outcome: string;
}

/** Clients that stand in line under a ticket, so that it is known who came before whom. */
export class TicketClients {
  private readonly holds: Holds;
  private readonly clients: number;
  private readonly keys: number;
  private readonly turns: Turn[] = [];

  constructor(holds: Holds, { clients, keys }: { clients: number; keys: number }) {
    this.holds = holds;
    this.clients = clients;
    this.keys = keys;
  }

  async run(arena: Arena): Promise<void> {
    const live = async (client: number): Promise<void> => {
      for (let turn = 0; !arena.isOver; turn++) await this.take(arena, `t${client}-${turn}`);
    };
    await Promise.all(Array.from({ length: this.clients }, (_, client) => live(client)));
  }

  judge(): readonly Check[] {
    const served = this.turns.filter(({ token }) => token !== undefined);
    const queued = served.filter(({ queuedMs }) => queuedMs !== undefined);
    const passed: string[] = [];
    for (const early of queued) {
      for (const late of served) {
        if (late.key !== early.key || late.sentMs <= early.queuedMs!) continue;
        if (late.token! > early.token!) continue;
        passed.push(`${tell(late)} before ${tell(early)}`);
      }
    }
    const stuck = this.turns.filter(({ outcome }) => outcome === 'stuck');
    return [
      {
        name: 'nobody is passed in line by one who came later',
        says: `${served.length} tickets served, ${queued.length} of them after standing in line`,
        violations: passed,
      },
      {
        name: 'every ticket comes to an end',
        says: `${this.turns.length - served.length} lapsed or in doubt`,
        violations: stuck.map(tell),
      },
    ];
  }

  private async take(arena: Arena, client: string): Promise<void> {
    const key = `t-${arena.random.integer(1, this.keys)}`;
    const turn: Turn = {
      client,
      key,
      sentMs: arena.now(),
      queuedMs: undefined,
      token: undefined,
      outcome: 'in doubt',
    };
    const result = await arena.insist('/lock/acquire', {
      key,
      client_id: client,
      ttl_ms: ttlMs,
      queue: true,
      request_id: client,
    });
    if (result.kind !== 'answered') return;
    this.turns.push(turn);
    const { answer } = result;
    if (answer.status === 200) return this.granted(arena, turn, answer, turn.sentMs);
    if (answer.status !== 202) return;
    turn.queuedMs = answer.receivedMs;
    await this.standInLine(arena, turn, answer.body['ticket'] as number);
  }

  private async standInLine(arena: Arena, turn: Turn, ticket: number): Promise<void> {
    const giveUpMs = arena.now() + patienceMs;
    let waitedMs = turn.sentMs;
    while (arena.now() < giveUpMs) {
      const node = arena.random.pick(arena.cluster.names);
      const answer = await arena.tryOnce(node, '/lock/ticket', { ticket }, 1_500);
      if (typeof answer === 'object') {
        if (answer.status === 200) return this.granted(arena, turn, answer, waitedMs);
        if (answer.status === 202) waitedMs = answer.sentMs;
        else if (answer.status < 500 && answer.status !== 429) {
          turn.outcome = 'lapsed';
          return;
        }
      }
      await delay(arena.random.integer(5, 60));
    }
    turn.outcome = 'stuck';
  }

  /** `waitedMs`: it was not granted before, so its lease cannot end before that plus its length. */
  private async granted(
    arena: Arena,
    turn: Turn,
    { body, receivedMs }: Answer,
    waitedMs: number,
  ): Promise<void> {
    const { client, key } = turn;
    const token = body['fencing_token'] as number;
    turn.token = token;
    turn.outcome = 'served';
    arena.pulse.beat('locks');
    await delay(arena.random.integer(0, 15));
    const toMs = Math.min(arena.now(), waitedMs + ttlMs);
    this.holds.add({ key, fromMs: receivedMs, toMs, what: { client, mode: 'X', token } });
    await arena.insist('/lock/release', { key, client_id: client, fencing_token: token });
  }
}

const tell = ({ client, key, sentMs, queuedMs, token, outcome }: Turn): string =>
  `${client} "${key}" #${token ?? '?'} (${outcome}, sent ${sentMs.toFixed(1)}, in line ${queuedMs?.toFixed(1) ?? '–'})`;
