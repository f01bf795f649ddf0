import { setTimeout as delay } from 'node:timers/promises';
import { HistoryRecorder, checkLinearizable, mutexModel } from '@quorate/testkit';
import type { Arena, Check, MutexInput, MutexOutput, Operation } from '@quorate/testkit';
import { GuardedCounter } from './guarded-counter.ts';
import type { Holds } from './holds.ts';

const ttlMs = 2_500;
/** New names now and then, so that what stays in doubt does not make the search for an order long. */
const keysLastMs = 10_000;

interface Grant {
  readonly owner: string;
  readonly key: string;
  readonly token: number;
  readonly answeredMs: number;
  validUntilMs: number;
}

/** Clients that take a lock alone, change what it guards, and let go; some stall beyond their lease. */
export class ExclusiveClients {
  readonly counter = new GuardedCounter();
  private readonly history = new HistoryRecorder<MutexInput, MutexOutput>(() => performance.now());
  private readonly endings: Omit<Operation<MutexInput, MutexOutput>, 'id'>[] = [];
  private readonly holds: Holds;
  private readonly clients: number;
  private readonly keys: number;
  private granted = 0;
  private unresolved = 0;

  constructor(holds: Holds, { clients, keys }: { clients: number; keys: number }) {
    this.holds = holds;
    this.clients = clients;
    this.keys = keys;
  }

  async run(arena: Arena): Promise<void> {
    const startedMs = arena.now();
    const live = async (client: number): Promise<void> => {
      for (let turn = 0; !arena.isOver; turn++) {
        const epoch = Math.floor((arena.now() - startedMs) / keysLastMs);
        const key = `x-${epoch}-${arena.random.integer(1, this.keys)}`;
        const grant = await this.acquire(arena, `x${client}-${turn}`, key);
        if (grant !== undefined) {
          await this.use(arena, grant);
          await this.release(arena, grant);
        }
        await delay(arena.random.integer(0, 10));
      }
    };
    await Promise.all(Array.from({ length: this.clients }, (_, client) => live(client)));
  }

  judge(): readonly Check[] {
    const { counter } = this;
    const recorded = this.history.history();
    const history = [
      ...recorded,
      ...this.endings.map((ending, i) => ({ ...ending, id: recorded.length + i })),
    ];
    const verdict = checkLinearizable(mutexModel, history);
    return [
      {
        name: 'exclusive locks are linearizable',
        says: `${verdict.kind}, ${recorded.length} operations, ${this.granted} grants, ${this.unresolved} in doubt`,
        violations:
          verdict.kind === 'linearizable'
            ? []
            : [
                verdict.kind === 'violation'
                  ? verdict.explanation
                  : `undecided for "${verdict.key}"`,
              ],
      },
      {
        name: 'a counter behind fencing loses no update',
        says: `${counter.writes} increments, ${counter.refusals} refused by their token`,
        violations: counter.lostUpdates(),
      },
      {
        name: 'nobody is fenced off while its lease is valid',
        says: `${counter.violations.length}`,
        violations: counter.violations,
      },
    ];
  }

  private async acquire(arena: Arena, owner: string, key: string): Promise<Grant | undefined> {
    const { history } = this;
    const waitMs = arena.random.chance(0.7) ? arena.random.integer(100, 3_000) : 0;
    const operation = history.invoke(owner, { kind: 'acquire', key, owner });
    const sentMs = arena.now();
    const result = await arena.insist(
      '/lock/acquire',
      { key, client_id: owner, ttl_ms: ttlMs, wait_ms: waitMs, request_id: `${owner}-acquire` },
      { attemptMs: waitMs + 3_000 },
    );
    if (result.kind === 'refused') {
      history.refuse(operation);
      return undefined;
    }
    if (result.kind === 'answered' && result.answer.status === 200) {
      const token = result.answer.body['fencing_token'] as number;
      history.complete(operation, { kind: 'acquired', token });
      this.granted += 1;
      arena.pulse.beat('locks');
      const answeredMs = result.answer.receivedMs;
      return { owner, key, token, answeredMs, validUntilMs: sentMs + ttlMs };
    }
    if (result.kind === 'answered' && result.attempts === 1) {
      history.complete(operation, { kind: 'busy' });
      return undefined;
    }
    // One of the attempts may have been granted and taken back since.
    this.unresolved += 1;
    this.mayEnd(owner, key, sentMs);
    return undefined;
  }

  private async use(arena: Arena, grant: Grant): Promise<void> {
    const { random } = arena;
    const value = this.counter.read(grant.key, grant.token, grant.validUntilMs);
    if (random.chance(0.02)) await delay(ttlMs + random.integer(0, 1_500));
    else await delay(random.integer(0, 12));
    if (random.chance(0.1)) await this.renew(arena, grant);
    if (value !== undefined) {
      this.counter.write(grant.key, grant.token, grant.validUntilMs, value + 1);
    }
  }

  private async renew(arena: Arena, grant: Grant): Promise<void> {
    const node = arena.random.pick(arena.cluster.names);
    const body = { key: grant.key, client_id: grant.owner, ttl_ms: ttlMs };
    const answer = await arena.tryOnce(node, '/lock/renew', body, 2_000);
    if (typeof answer === 'object' && answer.status === 200) {
      grant.validUntilMs = Math.max(grant.validUntilMs, answer.sentMs + ttlMs);
    }
  }

  private async release(arena: Arena, grant: Grant): Promise<void> {
    const { history } = this;
    const { owner, key, token, answeredMs, validUntilMs } = grant;
    const operation = history.invoke(owner, { kind: 'release', key, owner });
    const toMs = Math.min(validUntilMs, arena.now());
    const what = { client: owner, mode: 'X', token };
    this.holds.add({ key, fromMs: answeredMs, toMs, what });
    const result = await arena.insist('/lock/release', {
      key,
      client_id: owner,
      fencing_token: token,
      request_id: `${owner}-release`,
    });
    if (result.kind === 'answered' && result.answer.status === 200) {
      history.complete(operation, { kind: 'released' });
      arena.pulse.beat('locks');
      return;
    }
    this.mayEnd(owner, key, validUntilMs);
    if (result.kind === 'answered') history.complete(operation, { kind: 'not-held' });
    if (result.kind === 'refused') history.refuse(operation);
  }

  /** From this moment on the lease may run out, or the grant be taken back. */
  private mayEnd(owner: string, key: string, invokedAt: number): void {
    this.endings.push({
      client: owner,
      input: { kind: 'expire', key, owner },
      output: undefined,
      invokedAt,
      completedAt: undefined,
    });
  }
}
