import { Snoop, type BusTransactionKind, type Grant, type LineState } from '@quorate/mesi';
import type { AppendedCommand, AppliedAt, Origin } from '@quorate/raft';
import type { CacheCommand, CacheEvent, ReadResult } from '../state-machine/commands.ts';
import type { CacheItem } from '../state-machine/value.ts';
import type { BusCounts } from './bus-counts.ts';
import type { LineCache } from './line-cache.ts';
import type { Miss, Misses } from './misses.ts';

export interface SnooperOptions {
  readonly shard: number;
  readonly life: Origin;
  readonly lines: LineCache;
  readonly misses: Misses;
  readonly counts: BusCounts;
}

/** On one node there is this node and there are the others; numbers enough for its view of the bus. */
const own = 0;
const other = 1;

/**
 * One shard's log as this node's lines see it. What takes away (an invalidation, a demotion) is done
 * when an entry is appended, before anybody is told that this node has it; what gives (a line, a
 * state) when it is applied. See libs/mesi/DESIGN.md, "The lines: the rules".
 */
export class Snooper {
  readonly #options: SnooperOptions;
  readonly #snoop = new Snoop(own);
  #appendedThrough = 0;

  constructor(options: SnooperOptions) {
    this.#options = options;
  }

  appended(commands: readonly AppendedCommand<CacheCommand>[]): void {
    const [first] = commands;
    if (first !== undefined && first.index <= this.#appendedThrough) {
      this.#snoop.truncateFrom(first.index);
    }
    for (const { index, origin, command } of commands) {
      this.#appendedThrough = index;
      const node = origin.node === this.#options.life.node ? own : other;
      switch (command.kind) {
        case 'write':
          for (const { key } of command.writes) this.#append('BusRdX', key, { index, node });
          break;
        case 'delete':
          for (const { key } of command.deletes) this.#append('Drop', key, { index, node });
          break;
        case 'drop':
          for (const { key } of command.keys) this.#append('Drop', key, { index, node });
          break;
        case 'read':
          for (const key of command.keys) this.#append('BusRd', key, { index, node });
          break;
        case 'flush':
        case 'memory-lost':
          break;
      }
    }
  }

  applied(events: readonly CacheEvent[], at: AppliedAt): void {
    this.#snoop.appliedThrough(at.index);
    for (const event of events) this.#apply(event, at.index);
  }

  /** Entries without events pass by unseen; what they stood for is forgotten now and then. */
  appliedThrough(index: number): void {
    this.#snoop.appliedThrough(index);
  }

  /** A snapshot took the place of the state: lines begin anew, and nobody may join a miss. */
  restored(index: number): void {
    this.#snoop.installSnapshot(index);
    this.#options.misses.closeAll();
    this.#options.lines.dropShard(this.#options.shard);
  }

  /** The value of a read came from memory. What may become of it was decided while it was away. */
  finishFill(miss: Miss): Grant {
    const { fill } = miss;
    if (fill === undefined) return 'answer-only';
    miss.fill = undefined;
    return this.#snoop.finishFill(fill);
  }

  /** Makes the value a line where that is granted; tells the state that it has. */
  install(
    item: CacheItem,
    line: {
      readonly key: string;
      readonly state: LineState;
      readonly grant: Grant;
      readonly grantedAt: number;
    },
  ): LineState {
    if (line.grant === 'answer-only' || line.state === 'I') return 'I';
    const state = line.grant === 'line' ? line.state : 'S';
    const { key, grantedAt } = line;
    this.#options.lines.install({ key, shard: this.#options.shard, item, state, grantedAt });
    return state;
  }

  #append(
    kind: BusTransactionKind,
    key: string,
    { index, node }: { readonly index: number; readonly node: number },
  ): void {
    const effect = this.#snoop.append({ index, kind, key, node });
    switch (effect?.kind) {
      case undefined:
        return;
      case 'invalidate':
        this.#options.misses.close(key);
        this.#options.lines.step(key, kind === 'Drop' ? 'drop' : 'other-write');
        return;
      case 'share':
        this.#options.lines.step(key, 'other-read');
        return;
      case 'invalidate-all':
        this.#options.lines.dropShard(this.#options.shard);
        return;
    }
  }

  #apply(event: CacheEvent, index: number): void {
    const { life, lines, shard, counts } = this.#options;
    switch (event.kind) {
      case 'written':
        if (event.node !== life.node) return;
        counts[event.bus] += 1;
        this.#grant(event.key, event.item, 'M', index);
        return;
      case 'read':
        if (event.node !== life.node) return;
        counts.BusRd += 1;
        this.#read(event.key, event.result, index);
        return;
      case 'flushed':
        counts.Flush += 1;
        if (lines.look(event.key)?.item.version === event.version) lines.step(event.key, 'flush');
        return;
      case 'dropped':
        counts.Drop += 1;
        counts.dropped[event.why] += 1;
        // By the clock, of which the log said nothing beforehand; whatever is newer stays.
        if (event.why === 'expired') this.#expire(event.key, index);
        return;
      case 'departed':
        if (event.node === life.node) lines.dropShard(shard);
        return;
      case 'memory-lost':
        lines.dropShard(shard);
        return;
    }
  }

  #read(key: string, result: ReadResult, index: number): void {
    if (result.kind === 'absent') return;
    if (result.item !== undefined) {
      this.#grant(key, result.item, result.state, index);
      return;
    }
    const miss = this.#options.misses.underWay(key);
    if (miss === undefined) return;
    this.finishFill(miss);
    miss.fill = this.#snoop.startFill(key, index);
  }

  #grant(key: string, item: CacheItem, state: LineState, index: number): void {
    const grant = this.#snoop.grantAt(key, index);
    this.install(item, { key, state, grant, grantedAt: index });
  }

  #expire(key: string, index: number): void {
    const line = this.#options.lines.look(key);
    if (line !== undefined && line.item.version < index) this.#options.lines.step(key, 'drop');
  }
}
