import {
  logIndex,
  nodeId,
  term as termOf,
  type AppendedCommand,
  type AppliedAt,
  type GroupStatus,
  type NodeId,
  type Origin,
  type Outcome,
  type ReadOutcome,
} from '@quorate/raft';
import { CacheMachine } from '../../state-machine/cache-machine.ts';
import { commandCodec } from '../../state-machine/command-codec.ts';
import type { CacheCommand, CacheEvent, CacheReply } from '../../state-machine/commands.ts';
import type { CacheGroup } from '../shard.ts';

interface Entry {
  readonly index: number;
  readonly command: CacheCommand;
  readonly origin: Origin;
  readonly resolve: ((outcome: Outcome<CacheReply>) => void) | undefined;
}

const life = (node: string): Origin => ({ node: nodeId(node), incarnation: 1 });

/**
 * One log as one node sees it, of which the test says when an entry is appended, applied and settled.
 * By itself it does nothing but what it is asked to.
 */
export class FakeGroup implements CacheGroup {
  readonly machine = new CacheMachine();
  readonly life = life('me');
  role: GroupStatus['role'] = 'follower';
  term = 1;
  hasLease = true;
  nowMs = 0;
  readonly log: Entry[] = [];
  #applied = 0;
  #settled = 0;
  #waiting: { readonly index: number; readonly resolve: (settled: boolean) => void }[] = [];
  #barriers: ((outcome: ReadOutcome) => void)[] = [];
  #appendedTo: ((commands: readonly AppendedCommand<CacheCommand>[]) => void)[] = [];
  #appliedTo: ((events: readonly CacheEvent[], at: AppliedAt) => void)[] = [];
  #restoredTo: (() => void)[] = [];

  constructor() {
    for (const node of ['me', 'other']) this.notice({ kind: 'node-started', node: nodeId(node) });
  }

  get applied(): number {
    return this.#applied;
  }

  get settled() {
    return logIndex(this.#settled);
  }

  /** What a node proposed has become part of this node's log. */
  append(command: CacheCommand, node = 'other', resolve?: Entry['resolve']): number {
    const index = this.#applied + this.log.length + 1;
    const decoded = commandCodec.decode(commandCodec.encode(command));
    this.log.push({ index, command: decoded, origin: life(node), resolve });
    for (const listen of this.#appendedTo) {
      listen([{ index: logIndex(index), origin: life(node), command: decoded }]);
    }
    return index;
  }

  apply(entries = this.log.length): void {
    for (const { index, command, origin, resolve } of this.log.splice(0, entries)) {
      const at = { index: logIndex(index), atMs: this.nowMs, origin };
      this.#applied = index;
      const { reply, events } = this.machine.apply(command, at);
      resolve?.({ kind: 'applied', reply, index: at.index });
      for (const listen of this.#appliedTo) listen(events, at);
    }
  }

  notice(
    notice: { readonly kind: 'node-started'; readonly node: NodeId } | { kind: 'clock' },
  ): void {
    this.#applied += 1;
    const at = { index: logIndex(this.#applied), atMs: this.nowMs, origin: this.life };
    const events = this.machine.notice(
      notice.kind === 'clock' ? notice : { ...notice, incarnation: 1 },
      at,
    );
    for (const listen of this.#appliedTo) listen(events, at);
    this.#settled = Math.max(this.#settled, this.#applied);
  }

  settle(index = this.#applied): void {
    this.#settled = index;
    for (const one of this.#waiting.splice(0)) {
      if (one.index <= index) one.resolve(true);
      else this.#waiting.push(one);
    }
  }

  /** Appended, applied and settled at once. */
  async put(key: string, text: string, node = 'other', ttlMs?: number): Promise<number> {
    const value = { type: 'application/json', bytes: Buffer.from(JSON.stringify(text)) };
    const limits = { dirtyBytesMax: 1e9, valueBytesMax: 1e9, keysMax: 1e9 };
    const writes = [{ key, value, ttlMs, condition: undefined }];
    const index = this.append({ kind: 'write', writes, limits }, node);
    this.apply();
    this.settle();
    await turn();
    return index;
  }

  /** As if memory had it: the state forgets the value. */
  async putFlushed(key: string, text: string, node = 'other'): Promise<number> {
    const version = await this.put(key, text, node);
    this.append({ kind: 'flush', keys: [{ key, version }], keepValues: false });
    this.apply();
    this.settle();
    return version;
  }

  confirmReads(): void {
    for (const resolve of this.#barriers.splice(0)) {
      resolve({ kind: 'ready', index: logIndex(this.#applied) });
    }
  }

  restore(): void {
    for (const listen of this.#restoredTo) listen();
  }

  propose(command: CacheCommand): Promise<Outcome<CacheReply>> {
    return new Promise((resolve) => void this.append(command, 'me', resolve));
  }

  readBarrier(): Promise<ReadOutcome> {
    return new Promise((resolve) => void this.#barriers.push(resolve));
  }

  whenSettled(index: number): Promise<boolean> {
    if (index <= this.#settled) return Promise.resolve(true);
    return new Promise((resolve) => void this.#waiting.push({ index, resolve }));
  }

  mayServeLocally(): boolean {
    return this.hasLease;
  }

  clockMs(): number {
    return this.nowMs;
  }

  status(): GroupStatus {
    return {
      role: this.role,
      term: termOf(this.term),
      leader: undefined,
      commit: logIndex(this.#applied),
      applied: logIndex(this.#applied),
      settled: this.settled,
      snapshot: logIndex(0),
      lastIndex: logIndex(this.#applied + this.log.length),
      clockMs: this.nowMs,
      peers: [],
      quorumInReach: true,
      storage: 'ok',
      restoring: false,
    };
  }

  transfer(): Promise<boolean> {
    return Promise.resolve(false);
  }

  onAppended(listener: (commands: readonly AppendedCommand<CacheCommand>[]) => void): void {
    this.#appendedTo.push(listener);
  }

  onEvents(listener: (events: readonly CacheEvent[], at: AppliedAt) => void): void {
    this.#appliedTo.push(listener);
  }

  onRestored(listener: () => void): void {
    this.#restoredTo.push(listener);
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}

/** Lets everything run that waits for nothing but its turn. */
export async function turn(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
