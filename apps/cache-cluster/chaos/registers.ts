import { setTimeout as delay } from 'node:timers/promises';
import { HistoryRecorder, checkLinearizable, registerModel } from '@quorate/testkit';
import type { Arena, Check, RegisterInput, RegisterOutput, Result } from '@quorate/testkit';

/** New names now and then, so that what stays in doubt does not make the search for an order long. */
const keysLastMs = 8_000;
/** Longer than the longest pause: what is asked of a node asleep is answered when it wakes. */
const patientMs = 14_000;
const patientMax = 60;

/** A register per key, read and written through all nodes; every answer goes into one history. */
export class Registers {
  readonly keys = new Set<string>();
  private readonly history = new HistoryRecorder<RegisterInput, RegisterOutput>(() =>
    performance.now(),
  );
  private readonly versions = new Map<string, number>();
  private readonly sources = new Map<string, number>();
  private readonly clients: number;
  private readonly keysAtOnce: number;
  private startedMs = 0;

  constructor({ clients, keys }: { clients: number; keys: number }) {
    this.clients = clients;
    this.keysAtOnce = keys;
  }

  async run(arena: Arena): Promise<void> {
    this.startedMs = arena.now();
    const live = async (client: string): Promise<void> => {
      for (let turn = 0; !arena.isOver; turn++) {
        await this.act(arena, client, `${client}-${turn}`);
        await delay(arena.random.integer(0, 12));
      }
    };
    const clients = Array.from({ length: this.clients }, (_, client) => live(`c${client}`));
    await Promise.all([...clients, this.readPatiently(arena)]);
  }

  judge(): readonly Check[] {
    const history = this.history.history();
    const open = history.filter(
      ({ completedAt, input }) => completedAt === undefined && input.kind !== 'read',
    );
    const verdict = checkLinearizable(registerModel, history);
    const sources = [...this.sources].map(([source, count]) => `${count} from ${source}`);
    return [
      {
        name: 'reads and writes through all nodes are linearizable, key by key',
        says: `${verdict.kind}, ${history.length} operations on ${this.keys.size} keys, ${open.length} writes in doubt; reads: ${sources.join(', ')}`,
        violations:
          verdict.kind === 'linearizable'
            ? []
            : [
                verdict.kind === 'violation'
                  ? verdict.explanation
                  : `undecided for "${verdict.key}"`,
              ],
      },
    ];
  }

  private key(arena: Arena): string {
    const epoch = Math.floor((arena.now() - this.startedMs) / keysLastMs);
    const key = `r-${epoch}-${arena.random.integer(1, this.keysAtOnce)}`;
    this.keys.add(key);
    return key;
  }

  private async act(arena: Arena, client: string, id: string): Promise<void> {
    const key = this.key(arena);
    const fate = arena.random.next();
    if (fate < 0.5) await this.read(arena, client, key, 2_000);
    else if (fate < 0.85) await this.put(arena, client, { key, id });
    else if (fate < 0.92) await this.delete(arena, client, { key, id });
    else await this.replace(arena, client, { key, id });
  }

  /** One attempt: a read that is not answered tells nothing. */
  private async read(arena: Arena, client: string, key: string, attemptMs: number): Promise<void> {
    const operation = this.history.invoke(client, { kind: 'read', key });
    const node = arena.random.pick(arena.cluster.names);
    const answer = await arena.tryOnce(node, '/cache/get', { key }, attemptMs);
    if (typeof answer !== 'object') {
      this.history.refuse(operation);
      return;
    }
    const { status, body } = answer;
    if (status === 200) {
      const version = body['version'] as number;
      this.history.complete(operation, { kind: 'value', value: body['val'] as string, version });
      this.versions.set(key, Math.max(version, this.versions.get(key) ?? 0));
      const source = body['source'] as string;
      this.sources.set(source, (this.sources.get(source) ?? 0) + 1);
    } else if (status === 404) {
      this.history.complete(operation, { kind: 'value', value: undefined });
    } else {
      this.history.refuse(operation);
    }
  }

  /** Readers who stay until a node that sleeps wakes up, and would see what it knew before. */
  private async readPatiently(arena: Arena): Promise<void> {
    const reading = new Set<Promise<void>>();
    for (let turn = 0; !arena.isOver; turn++) {
      if (reading.size < patientMax) {
        const one = this.read(arena, `patient${turn}`, this.key(arena), patientMs);
        reading.add(one);
        void one.then(() => reading.delete(one));
      }
      await delay(100);
    }
    await Promise.all(reading);
  }

  private async put(arena: Arena, client: string, { key, id }: Write): Promise<void> {
    const operation = this.history.invoke(client, { kind: 'write', key, value: id });
    const result = await arena.insist('/cache/put', { key, val: id, request_id: id }, insistence);
    this.conclude(arena, operation, result);
  }

  private async delete(arena: Arena, client: string, { key, id }: Write): Promise<void> {
    const operation = this.history.invoke(client, { kind: 'write', key, value: undefined });
    const result = await arena.insist('/cache/delete', { key, request_id: id }, insistence);
    this.conclude(arena, operation, result);
  }

  /** Over the newest version that anybody has seen: often the right one, sometimes no longer. */
  private async replace(arena: Arena, client: string, { key, id }: Write): Promise<void> {
    const expectedVersion = this.versions.get(key);
    if (expectedVersion === undefined) return;
    const input = { kind: 'compare-and-set', key, expectedVersion, value: id } as const;
    const operation = this.history.invoke(client, input);
    const body = { key, val: id, if_version: expectedVersion, request_id: id };
    this.conclude(arena, operation, await arena.insist('/cache/put', body, insistence));
  }

  private conclude(arena: Arena, operation: number, result: Result): void {
    if (result.kind === 'refused') this.history.refuse(operation);
    if (result.kind !== 'answered') return;
    const { status, body } = result.answer;
    if (status === 412) {
      this.history.complete(operation, { kind: 'conflict' });
      return;
    }
    if (status !== 200) throw new Error(`a write was answered ${status} ${JSON.stringify(body)}`);
    const version = body['version'] as number | undefined;
    this.history.complete(operation, {
      kind: 'written',
      ...(version === undefined ? {} : { version }),
    });

    arena.pulse.beat('writes');
  }
}

interface Write {
  readonly key: string;
  readonly id: string;
}

const insistence = { attemptMs: 1_000 };
