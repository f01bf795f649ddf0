import type { LogIndex } from '@quorate/raft';
import { noLeader, problem, replyOrProblem, type Problem } from '@quorate/service-kit';
import { indexRevealed, type LineState } from '@quorate/mesi';
import type { Found, Miss, Source } from '../lines/misses.ts';
import type { MemorySource } from '../memory/memory.ts';
import { problem as cacheProblem } from '../problems.ts';
import type { ReadResult } from '../state-machine/commands.ts';
import type { CacheItem } from '../state-machine/value.ts';
import type { Shard } from './shard.ts';

/** How often a value that vanished under a read is looked for anew before the read gives up. */
const attemptsMax = 4;

/** Answers reads of one shard that are no hits. */
export class Reader {
  readonly #shard: Shard;
  readonly #source: MemorySource;
  readonly #lost: (keys: number) => void;

  constructor(shard: Shard, source: MemorySource, lost: (keys: number) => void) {
    this.#shard = shard;
    this.#source = source;
    this.#lost = lost;
  }

  /** Linearizable. */
  async read(key: string, deadlineMs: number): Promise<Found | Problem> {
    const shard = this.#shard;
    if (!shard.group.mayServeLocally()) return this.#readLong(key, deadlineMs);
    const clockMs = shard.group.clockMs();
    const line = shard.lines.look(key);
    if (line !== undefined && line.item.deadlineMs > clockMs) {
      // The line is good, and so new that not everybody knows of it yet.
      const settled = await shard.settled(line.grantedAt, deadlineMs);
      return settled ? valueOf(line.item, line.state, 'cache') : late();
    }
    const underWay = shard.misses.joinable(key);
    if (underWay !== undefined) {
      const answer = await underWay.answer;
      // What expired before this reader came was not under way on its behalf.
      if (answer.kind !== 'value' || answer.item.deadlineMs > clockMs) return answer;
    }
    // A key that is not in the directory gives no line; to ask costs no entry of the log.
    if (shard.state.present(key, shard.state.atMs) === undefined) {
      return this.#readLong(key, deadlineMs);
    }
    return this.#readByBus(key, deadlineMs);
  }

  /** What this node happens to know, without asking anybody but memory. */
  async readStale(key: string, deadlineMs: number): Promise<Found | Problem> {
    const { lines, state, memory } = this.#shard;
    const line = lines.look(key);
    if (line !== undefined) return valueOf(line.item, line.state, 'cache');
    const record = state.present(key, state.atMs);
    if (record === undefined) return absent;
    if (record.item !== undefined) return valueOf(record.item, 'I', 'memory');
    const fetched = await memory.fetch([key], deadlineMs);
    if (fetched.kind === 'unavailable') return unavailable(fetched.detail);
    const [item] = fetched.items;
    return item === undefined ? absent : valueOf(item, 'I', this.#source);
  }

  /** BusRd: the value may become a line. */
  async #readByBus(key: string, deadlineMs: number): Promise<Found | Problem> {
    const miss = this.#shard.misses.begin(key);
    let answer: Found | Problem = late();
    try {
      answer = await this.#askBus(miss, deadlineMs);
      return answer;
    } finally {
      // Gives up a fill that nothing came of.
      this.#shard.snooper.finishFill(miss);
      this.#shard.misses.end(miss);
      miss.end(answer);
    }
  }

  async #askBus(miss: Miss, deadlineMs: number): Promise<Found | Problem> {
    const { key } = miss;
    const outcome = await this.#shard.group.propose({ kind: 'read', keys: [key] }, { deadlineMs });
    if (outcome.kind === 'unknown') return late();
    const reply = replyOrProblem(outcome);
    if (reply.kind === 'problem') return reply;
    const index = indexOf(outcome);
    const [result] = (reply as { readonly results: readonly ReadResult[] }).results;
    if (result === undefined || result.kind === 'absent') {
      return this.#reveal(absent, { evaluatedAt: index }, deadlineMs);
    }
    if (result.item !== undefined) {
      const line = this.#shard.lines.look(key);
      const state = line?.grantedAt === index ? line.state : 'I';
      const found = valueOf(result.item, state, 'memory');
      return this.#reveal(found, { evaluatedAt: index }, deadlineMs);
    }
    return this.#fetch(
      { key, version: result.version, state: result.state, index, miss },
      deadlineMs,
    );
  }

  /** By way of the leader, whose word is that nothing newer was completed (ReadIndex). */
  async #readLong(key: string, deadlineMs: number): Promise<Found | Problem> {
    const { group } = this.#shard;
    const barrier = await group.readBarrier(deadlineMs);
    if (barrier.kind === 'refused') return noLeader();
    return this.#lookHere(key, deadlineMs, attemptsMax);
  }

  /** In the state as it is applied now, which is what the answer then reveals. */
  #lookHere(key: string, deadlineMs: number, attempts: number): Promise<Found | Problem> {
    const { state } = this.#shard;
    const index = state.index;
    const record = state.present(key, state.atMs);
    if (record === undefined) return this.#reveal(absent, { evaluatedAt: index }, deadlineMs);
    if (record.item !== undefined) {
      const found = valueOf(record.item, 'I', 'memory');
      return this.#reveal(found, { evaluatedAt: index }, deadlineMs);
    }
    const { version } = record.entry;
    return this.#fetch({ key, version, state: 'I', index, attempts }, deadlineMs);
  }

  async #fetch(
    wanted: {
      readonly key: string;
      readonly version: number;
      readonly state: LineState;
      readonly index: number;
      readonly miss?: Miss;
      readonly attempts?: number;
    },
    deadlineMs: number,
  ): Promise<Found | Problem> {
    const { key, version, index, miss } = wanted;
    const fetched = await this.#shard.memory.fetch([key], deadlineMs);
    if (fetched.kind === 'unavailable') return unavailable(fetched.detail);
    const [item] = fetched.items;
    if (item === undefined || item.version < version) {
      return this.#missing(key, version, { deadlineMs, attempts: wanted.attempts ?? attemptsMax });
    }
    let state: LineState = 'I';
    if (miss !== undefined) {
      const grant = this.#shard.snooper.finishFill(miss);
      // Something newer is an answer, but not what the directory granted a line of.
      if (item.version === version) {
        const { state: granted } = wanted;
        state = this.#shard.snooper.install(item, { key, state: granted, grant, grantedAt: index });
      }
    }
    const found = valueOf(item, state, this.#source);
    return this.#reveal(found, { evaluatedAt: index, version: item.version }, deadlineMs);
  }

  /**
   * This node's directory knows a version that memory does not have. It may be that of long ago, if
   * this node lags: so it is asked for again behind a read barrier. What is still there has been
   * there all the time, and memory has lost it.
   */
  async #missing(
    key: string,
    version: number,
    { deadlineMs, attempts }: { readonly deadlineMs: number; readonly attempts: number },
  ): Promise<Found | Problem> {
    const { group } = this.#shard;
    if (attempts === 0) return late();
    const barrier = await group.readBarrier(deadlineMs);
    if (barrier.kind === 'refused') return noLeader();
    const { state } = this.#shard;
    const record = state.present(key, state.atMs);
    if (record?.item === undefined && record?.entry.version === version) {
      this.#lost(1);
      const dropped = await group.propose(
        { kind: 'drop', keys: [{ key, version }], why: 'lost' },
        { deadlineMs },
      );
      if (dropped.kind !== 'applied') return late();
    }
    return this.#lookHere(key, deadlineMs, attempts - 1);
  }

  async #reveal(
    found: Found,
    revealed: { readonly evaluatedAt: number; readonly version?: number },
    deadlineMs: number,
  ): Promise<Found | Problem> {
    const settled = await this.#shard.settled(indexRevealed(revealed), deadlineMs);
    return settled ? found : late();
  }
}

const absent = { kind: 'absent' } as const;

const valueOf = (item: CacheItem, state: LineState, source: Source): Found => ({
  kind: 'value',
  item,
  state,
  source,
});

const indexOf = (outcome: object): number => (outcome as { readonly index: LogIndex }).index;

const late = (): Problem =>
  problem('deadline_exceeded', 'The value could not be confirmed in time.');

const unavailable = (detail: string): Problem =>
  cacheProblem('memory_unavailable', `The value is in Redis, which does not answer: ${detail}.`);
