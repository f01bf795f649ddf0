import { setImmediate as turn } from 'node:timers/promises';
import {
  checkLinearizable,
  drawPlan,
  Generator,
  healAmong,
  HistoryRecorder,
  Nemesis,
  registerModel,
  SafetyViolation,
  SimulatedCluster,
  Trace,
  type RegisterInput,
  type RegisterOutput,
  type SimulationPlan,
} from '@quorate/testkit';
import { isProblem } from '@quorate/service-kit';
import { embeddedMemory } from '../../src/memory/embedded-memory.ts';
import { CacheMachine } from '../../src/state-machine/cache-machine.ts';
import { commandCodec } from '../../src/state-machine/command-codec.ts';
import { replyCodec } from '../../src/state-machine/reply-codec.ts';
import type { Condition, DeleteResult, WriteResult } from '../../src/state-machine/commands.ts';
import { jsonType } from '../../src/state-machine/value.ts';
import { CacheNode, type CacheCluster } from './cache-node.ts';
import { SimulatedRedis } from './simulated-redis.ts';

const keys = ['x', 'y', 'z'];
const limits = { dirtyBytesMax: 1e9, valueBytesMax: 1e9, keysMax: 1e9 };
const chaosMs = 6_000;
const healedMs = 30_000;

export interface CacheRun {
  readonly operations: number;
  readonly hits: number;
  readonly fenced: number;
  readonly undecided: boolean;
}

/**
 * The cache over simulated time, disks and network: real drivers, state machines, snooping, reads and
 * flushes. Clients write and read through all nodes while everything breaks; after each event it is
 * looked whether a line that may be served is older than what anybody was told, or exclusive in vain.
 */
export class CacheSimulation {
  readonly trace: Trace;
  readonly cluster: CacheCluster;
  readonly redis: SimulatedRedis | undefined;
  readonly nodes = new Map<string, CacheNode>();
  readonly #plan: SimulationPlan;
  readonly #random: Generator;
  readonly #history: HistoryRecorder<RegisterInput, RegisterOutput>;
  /** The newest version of each key that any answer told of; deletions count. */
  readonly #revealed = new Map<string, number>();
  readonly #onCrash = new Map<string, Set<() => void>>();
  readonly #lastVersion = new Map<string, number>();
  #clientsRun = true;
  #underWay = 0;
  #value = 0;
  #hits = 0;
  #operations = 0;

  constructor(seed: number, print?: (line: string) => void) {
    this.#plan = planWithLeases(seed);
    this.trace = new Trace(print);
    this.#random = new Generator(`cache ${seed}`);
    this.cluster = new SimulatedCluster(
      this.#plan,
      { make: () => new CacheMachine(), commands: commandCodec, replies: replyCodec },
      this.trace,
    );
    const { time } = this.cluster;
    const random = this.#random;
    this.redis = random.chance(0.7)
      ? new SimulatedRedis(time, random.split('redis'), {
          delayMeanMs: random.pick([0.5, 5, 50]),
          lossProbability: random.pick([0, 0.02, 0.2]),
        })
      : undefined;
    this.#history = new HistoryRecorder(() => time.nowMs);
    this.cluster.onBooted = (id) => this.#boot(id);
    this.cluster.onCrashed = (id) => this.#crashed(id);
  }

  async run(): Promise<CacheRun> {
    const { cluster } = this;
    const nemesis = new Nemesis(cluster, this.#random.split('nemesis'));
    cluster.start();
    const clients = 2 + Math.floor(this.#random.next() * 5);
    for (let i = 0; i < clients; i++) this.#think(`client-${i}`);
    await this.#runUntil(() => cluster.time.nowMs >= chaosMs, Infinity, 'the end of all faults');
    nemesis.stop();
    this.#clientsRun = false;
    this.redis?.heal();
    healAmong(cluster as never, [...cluster.nodes.keys()]);
    await this.#runUntil(() => this.#isQuiet(), cluster.time.nowMs + healedMs, 'quiet');
    for (const id of cluster.nodes.keys()) {
      for (const key of keys) await this.#expectRead(id, key);
    }
    this.#compareMemory();
    const verdict = checkLinearizable(registerModel, this.#history.history(), {
      configurationsMax: 300_000,
    });
    if (verdict.kind === 'violation') {
      throw new SafetyViolation('linearizability', verdict.explanation);
    }
    return {
      operations: this.#operations,
      hits: this.#hits,
      fenced: this.redis?.fenced ?? 0,
      undecided: verdict.kind === 'undecided',
    };
  }

  #boot(id: string): void {
    const { process } = this.cluster.node(id);
    const embedded = embeddedMemory();
    const memory =
      this.redis === undefined
        ? { source: embedded.source, keepsValues: true, shard: embedded.shard(0, () => '') }
        : { source: 'redis' as const, keepsValues: false, shard: this.redis.seenBy(process) };
    this.nodes.set(id, new CacheNode(this.cluster, id, memory));
    this.#onCrash.set(id, new Set());
  }

  #crashed(id: string): void {
    this.nodes.delete(id);
    for (const tell of this.#onCrash.get(id) ?? []) tell();
    this.#onCrash.delete(id);
  }

  #think(client: string): void {
    this.cluster.time.after(this.#random.exponential(this.#plan.thinkMs * 4), () => {
      if (!this.#clientsRun) return;
      void this.#operate(client).then(() => this.#think(client));
    });
  }

  async #operate(client: string): Promise<void> {
    const random = this.#random;
    const id = random.pick([...this.cluster.nodes.keys()]);
    const key = random.pick(keys);
    const dice = random.next();
    this.#operations += 1;
    this.#underWay += 1;
    if (dice < 0.65) await this.#read(client, id, key);
    else if (dice < 0.78) await this.#write(client, id, key);
    else if (dice < 0.85) await this.#writeForAWhile(client, id, key);
    else if (dice < 0.93) await this.#compareAndSet(client, id, key);
    else await this.#delete(client, id, key);
    this.#underWay -= 1;
  }

  async #read(client: string, id: string, key: string): Promise<void> {
    const operation = this.#history.invoke(client, { kind: 'read', key });
    const found = await this.#at(id, async (node, deadlineMs) => {
      const line = node.lines.find(key);
      if (line !== undefined && node.shard.serves(line)) {
        this.#hits += 1;
        return { kind: 'value', item: line.item } as const;
      }
      return node.reader.read(key, deadlineMs);
    });
    if (found === undefined || isProblem(found)) {
      this.#history.refuse(operation);
      return;
    }
    if (found.kind === 'absent') {
      this.#history.complete(operation, { kind: 'value', value: undefined });
      return;
    }
    const { version, value } = found.item;
    this.#reveal(key, version);
    this.#lastVersion.set(client + key, version);
    this.#history.complete(operation, {
      kind: 'value',
      value: Buffer.from(value.bytes).toString(),
      version,
    });
  }

  async #write(client: string, id: string, key: string): Promise<void> {
    const value = this.#newValue();
    const operation = this.#history.invoke(client, { kind: 'write', key, value });
    const result = await this.#put(id, key, { value, condition: undefined });
    this.#end(operation, key, result);
  }

  /** What expires is, to those who look, deleted by nobody at some moment after it was written. */
  async #writeForAWhile(client: string, id: string, key: string): Promise<void> {
    const value = this.#newValue();
    const operation = this.#history.invoke(client, { kind: 'write', key, value });
    this.#history.invoke('the clock', { kind: 'write', key, value: undefined });
    const ttlMs = Math.ceil(this.#random.exponential(400));
    this.#end(operation, key, await this.#put(id, key, { value, condition: undefined, ttlMs }));
  }

  async #compareAndSet(client: string, id: string, key: string): Promise<void> {
    const expectedVersion = this.#lastVersion.get(client + key);
    if (expectedVersion === undefined) return;
    const value = this.#newValue();
    const operation = this.#history.invoke(client, {
      kind: 'compare-and-set',
      key,
      expectedVersion,
      value,
    });
    const condition = { kind: 'version-in', versions: [expectedVersion] } as const;
    this.#end(operation, key, await this.#put(id, key, { value, condition }));
  }

  async #delete(client: string, id: string, key: string): Promise<void> {
    const operation = this.#history.invoke(client, { kind: 'write', key, value: undefined });
    const asked = await this.#at(id, async ({ shard }, deadlineMs) =>
      shard.ask({ kind: 'delete', deletes: [{ key, condition: undefined }] }, { deadlineMs }),
    );
    if (asked === undefined) return;
    if (isProblem(asked)) {
      if (asked.code !== 'outcome_unknown') this.#history.refuse(operation);
      return;
    }
    const [result] = (asked.reply as { readonly results: readonly DeleteResult[] }).results;
    if (result!.kind === 'deleted') this.#reveal(key, asked.index);
    this.#history.complete(operation, { kind: 'written' });
  }

  async #put(
    id: string,
    key: string,
    write: {
      readonly value: string;
      readonly condition: Condition | undefined;
      readonly ttlMs?: number;
    },
  ): Promise<WriteResult | 'unknown' | 'refused'> {
    const asked = await this.#at(id, async ({ shard }, deadlineMs) => {
      const value = { type: jsonType, bytes: Buffer.from(write.value) };
      const writes = [{ key, value, ttlMs: write.ttlMs, condition: write.condition }];
      return shard.ask({ kind: 'write', writes, limits }, { deadlineMs });
    });
    if (asked === undefined) return 'unknown';
    if (isProblem(asked)) return asked.code === 'outcome_unknown' ? 'unknown' : 'refused';
    return (asked.reply as { readonly results: readonly WriteResult[] }).results[0]!;
  }

  #end(operation: number, key: string, result: WriteResult | 'unknown' | 'refused'): void {
    if (result === 'unknown') return;
    if (result === 'refused') this.#history.refuse(operation);
    else if (result.kind === 'written') {
      this.#reveal(key, result.version);
      this.#history.complete(operation, { kind: 'written', version: result.version });
    } else this.#history.complete(operation, { kind: 'conflict' });
  }

  /** `undefined`: the node is down, or went down, or is silent for too long. */
  #at<T>(
    id: string,
    ask: (node: CacheNode, deadlineMs: number) => Promise<T>,
  ): Promise<T | undefined> {
    const { process, clock } = this.cluster.node(id);
    const onCrash = this.#onCrash.get(id);
    if (!process.isUp || onCrash === undefined) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const giveUp = (): void => {
        onCrash.delete(giveUp);
        resolve(undefined);
      };
      onCrash.add(giveUp);
      this.cluster.time.after(5_000, giveUp);
      process.take(() => {
        const node = this.nodes.get(id);
        if (node === undefined) return;
        void ask(node, clock.nowMs() + 1_500).then((answer) => {
          onCrash.delete(giveUp);
          resolve(answer);
        });
      });
    });
  }

  #reveal(key: string, version: number): void {
    this.#revealed.set(key, Math.max(this.#revealed.get(key) ?? 0, version));
  }

  #newValue(): string {
    this.#value += 1;
    return `"v${this.#value}"`;
  }

  async #runUntil(done: () => boolean, untilMs: number, what: string): Promise<void> {
    const { time } = this.cluster;
    while (!done()) {
      if (time.nowMs > untilMs || !time.step()) {
        throw new Error(`${what} was not reached: ${this.#describe()}`);
      }
      // Whatever the event resolved runs now, in the same moment of virtual time.
      await turn();
      this.#lookAtLines();
    }
  }

  #lookAtLines(): void {
    for (const key of keys) {
      const served: string[] = [];
      let exclusive = false;
      for (const [id, { lines, shard }] of this.nodes) {
        const line = lines.look(key);
        if (line === undefined || this.cluster.node(id).process.isPaused) continue;
        if (!shard.serves(line)) continue;
        served.push(`${id} ${line.state}${line.item.version} of ${line.grantedAt}`);
        exclusive ||= line.state !== 'S';
        const revealed = this.#revealed.get(key) ?? 0;
        if (line.item.version < revealed) {
          const detail = `${id} serves ${key} in version ${line.item.version}, but ${revealed} was told`;
          throw new SafetyViolation('a hit is never stale', detail);
        }
      }
      if (exclusive && served.length > 1) {
        throw new SafetyViolation('M and E are exclusive', `${key}: ${served.join(', ')}`);
      }
    }
  }

  #isQuiet(): boolean {
    const { cluster } = this;
    const nodes = [...cluster.nodes.values()];
    const last = Math.max(...nodes.map(({ core }) => core?.lastIndex ?? 0));
    return (
      this.#underWay === 0 &&
      nodes.every(({ appliedIndex, core }) => appliedIndex === last && core?.lastIndex === last) &&
      nodes.every(({ machine }) => machine?.state.dirty.size === 0) &&
      nodes.every(({ machine }) => machine?.nextDeadline() === undefined) &&
      nodes.every(({ core }) => core?.settled === last)
    );
  }

  async #expectRead(id: string, key: string): Promise<void> {
    let isDone = false;
    const reading = this.#read(`last-${id}`, id, key).then(() => (isDone = true));
    await this.#runUntil(() => isDone, this.cluster.time.nowMs + 10_000, `a last read at ${id}`);
    await reading;
  }

  /** Memory outside has what the directory says it has, and nothing that the directory dropped. */
  #compareMemory(): void {
    if (this.redis === undefined) return;
    const [{ machine }] = this.cluster.nodes.values() as unknown as [{ machine: CacheMachine }];
    const wanted = [...machine.state.keys.values()]
      .map(({ key, entry }) => `${key}@${entry.version}`)
      .sort();
    const kept = [...this.redis.items].map(([key, { version }]) => `${key}@${version}`).sort();
    if (wanted.join() !== kept.join()) {
      const detail = `the directory has ${wanted.join()}, and memory ${kept.join()}`;
      throw new SafetyViolation('memory has what it should', detail);
    }
    const lost = [...this.nodes.values()].reduce((sum, node) => sum + node.lost, 0);
    if (lost > 0) throw new SafetyViolation('memory has what it should', `${lost} counted as lost`);
  }

  #describe(): string {
    return [...this.cluster.nodes]
      .map(([id, { core, appliedIndex, machine, process }]) =>
        core === undefined
          ? `${id} down`
          : `${id}${process.isPaused ? ' paused' : ''} ${core.office.role} term ${core.office.term} ` +
            `applied ${appliedIndex} settled ${core.settled} last ${core.lastIndex} ` +
            `dirty ${machine?.state.dirty.size ?? '-'}`,
      )
      .join('; ');
  }
}

/** The next plan of that family in which nodes hold leases. */
function planWithLeases(seed: number): SimulationPlan {
  for (let i = 0; i < 1_000; i++) {
    const plan = drawPlan(seed * 1_000 + i);
    if (plan.localReads !== undefined) return plan;
  }
  throw new Error('no plan has leases');
}
