import { performance } from 'node:perf_hooks';
import type { Group, LogIndex, Origin, ProposeOptions } from '@quorate/raft';
import { problem, replyOrProblem, type Problem } from '@quorate/service-kit';
import type { BusCounts } from '../lines/bus-counts.ts';
import type { Line, LineCache } from '../lines/line-cache.ts';
import { Misses } from '../lines/misses.ts';
import { Snooper } from '../lines/snooper.ts';
import type { ShardMemory } from '../memory/memory.ts';
import type { CacheMachine } from '../state-machine/cache-machine.ts';
import type { CacheCommand, CacheEvent, CacheReply } from '../state-machine/commands.ts';
import type { ShardState } from '../state-machine/shard-state.ts';

export type CacheGroup = Group<CacheCommand, CacheReply, CacheEvent>;

export interface ShardOptions {
  readonly number: number;
  readonly group: CacheGroup;
  readonly machine: CacheMachine;
  readonly life: Origin;
  readonly lines: LineCache;
  readonly memory: ShardMemory;
  readonly counts: BusCounts;
  /** Monotonic; what deadlines are measured by. */
  readonly nowMs?: () => number;
}

/** A reply, and the entry of the log that made it. */
export interface Asked {
  readonly reply: CacheReply;
  readonly index: LogIndex;
}

/** One shard as this node sees it: its log, its directory, and its part of this node's lines. */
export class Shard {
  readonly number: number;
  readonly group: CacheGroup;
  readonly memory: ShardMemory;
  readonly lines: LineCache;
  readonly misses = new Misses();
  readonly snooper: Snooper;
  readonly nowMs: () => number;
  readonly #machine: CacheMachine;

  constructor(options: ShardOptions) {
    const { number, group, machine, life, lines, memory, counts } = options;
    this.number = number;
    this.group = group;
    this.memory = memory;
    this.lines = lines;
    this.nowMs = options.nowMs ?? (() => performance.now());
    this.#machine = machine;
    this.snooper = new Snooper({ shard: number, life, lines, misses: this.misses, counts });
    group.onAppended((commands) => this.snooper.appended(commands));
    group.onEvents((events, at) => this.snooper.applied(events, at));
    group.onRestored(() => this.snooper.restored(group.status().applied));
  }

  /** What this node has applied; after a read barrier, no older than any answer given before. */
  get state(): ShardState {
    return this.#machine.state;
  }

  /**
   * Whether a hit may be answered from this line now, without a message to anybody. With a lease, all
   * that any node ever answered stands in this node's log, where it would have taken the line away;
   * and a deadline that anybody has seen pass is not ahead of this node's cluster clock.
   */
  serves(line: Line): boolean {
    const { group } = this;
    return (
      line.grantedAt <= group.settled &&
      (line.item.deadlineMs === Infinity || line.item.deadlineMs > group.clockMs()) &&
      group.mayServeLocally()
    );
  }

  /** Applied, and known to all who may be serving: it may be answered. */
  async ask(command: CacheCommand, options: ProposeOptions): Promise<Asked | Problem> {
    const outcome = await this.group.propose(command, options);
    const reply = replyOrProblem(outcome);
    if (reply.kind === 'problem') return reply;
    const { index } = outcome as { readonly index: LogIndex };
    if (await this.settled(index, options.deadlineMs)) return { reply, index };
    return problem(
      'outcome_unknown',
      'It has taken effect, but not every node is known to have heard of it yet.',
    );
  }

  settled(index: number, deadlineMs: number): Promise<boolean> | true {
    if (index <= this.group.settled) return true;
    return this.group.whenSettled(index as LogIndex, deadlineMs);
  }
}
