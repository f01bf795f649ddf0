import { LRUCache } from 'lru-cache';
import { nextLineState, type LineEvent, type LineState } from '@quorate/mesi';
import { itemBytes, type CacheItem } from '../state-machine/value.ts';

/** A value that this node may answer from its own memory, as long as the shard's lease says so. */
export interface Line {
  readonly key: string;
  readonly shard: number;
  readonly item: CacheItem;
  state: Exclude<LineState, 'I'>;
  /** The entry that gave the line its state; at or above the version. */
  readonly grantedAt: number;
}

export interface LineLimits {
  readonly linesMax: number;
  readonly bytesMax: number;
}

export const lineStates: readonly LineState[] = ['M', 'E', 'S', 'I'];

/** A line that is looked up costs this much beside what it holds; a bound that left it out would lie. */
const lineOverheadBytes = 200;

/**
 * The lines of this node, those of all shards together: bounded by count and by bytes, the least
 * recently used go first. Evicting one is safe in any state, and nobody needs to be told: the
 * directory says who *may* have a line.
 */
export class LineCache {
  readonly #lines: LRUCache<string, Line>;
  readonly #transitions: Record<LineState, Record<LineState, number>> = {
    M: noTransitions(),
    E: noTransitions(),
    S: noTransitions(),
    I: noTransitions(),
  };
  evictions = 0;
  invalidations = 0;

  constructor({ linesMax, bytesMax }: LineLimits) {
    this.#lines = new LRUCache({
      max: linesMax,
      maxSize: bytesMax,
      sizeCalculation: ({ key, item }) => itemBytes(key, item.value) + lineOverheadBytes,
      dispose: (line, _, reason) => {
        if (reason !== 'evict') return;
        this.evictions += 1;
        this.#transitions[line.state].I += 1;
      },
    });
  }

  get size(): number {
    return this.#lines.size;
  }

  get bytes(): number {
    return this.#lines.calculatedSize;
  }

  transitions(from: LineState, to: LineState): number {
    return this.#transitions[from][to];
  }

  /** For a hit: the line counts as used. */
  find(key: string): Line | undefined {
    return this.#lines.get(key);
  }

  look(key: string): Line | undefined {
    return this.#lines.peek(key);
  }

  /** A value larger than the whole cache becomes no line. */
  install(line: Line): void {
    const before = this.#lines.peek(line.key)?.state ?? 'I';
    this.#lines.set(line.key, line);
    const after = this.#lines.peek(line.key)?.state ?? 'I';
    this.#count(before, after);
  }

  /** What happened on the bus to a line that is here. */
  step(key: string, event: LineEvent): void {
    const line = this.#lines.peek(key);
    if (line === undefined) return;
    const after = nextLineState(line.state, event);
    this.#count(line.state, after);
    if (after === 'I') {
      this.invalidations += 1;
      this.#lines.delete(key);
    } else {
      line.state = after;
    }
  }

  /** All lines of a shard go, because what this node knows of its log does not reach them. */
  dropShard(shard: number): void {
    for (const [key, line] of [...this.#lines.entries()]) {
      if (line.shard === shard) this.step(key, 'drop');
    }
  }

  #count(from: LineState, to: LineState): void {
    if (from !== to) this.#transitions[from][to] += 1;
  }
}

const noTransitions = (): Record<LineState, number> => ({ M: 0, E: 0, S: 0, I: 0 });
