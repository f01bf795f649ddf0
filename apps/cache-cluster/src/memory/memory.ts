import type { FlushToken } from '@quorate/mesi';
import type { CacheItem } from '../state-machine/value.ts';

/**
 * What stands behind the lines and the dirty table: the place where clean values are. The directory
 * is not here: who owns a key, its version and its deadline are the log's, and memory is only ever
 * asked for a value that the directory says it has.
 *
 * One per node, and one `ShardMemory` per shard. It is opened without waiting for anybody: memory
 * that is away is `unavailable`, and the service starts, hits and takes writes all the same.
 */
export interface Memory {
  /** What answers call it. */
  readonly source: MemorySource;
  /**
   * True where the replicated state itself is the memory: a value that was flushed then stays in it,
   * and `fetch` is never asked for one. False: the state forgets a value once it is flushed.
   */
  readonly keepsValues: boolean;
  /**
   * `log` names the life of the shard's log, from its first entry on: what a log that was thrown away
   * has left in memory is not taken for this one's, and its marks do not fence this one off.
   */
  shard(shard: number, log: () => string): ShardMemory;
  /** Asked once at the start, and told in the log: what surviving a crash of this memory means. */
  durability(): Promise<Durability>;
  close(): Promise<void>;
}

export type MemorySource = 'memory' | 'redis';

export interface Durability {
  /** `warn` where an acknowledged value can be lost with this memory. */
  readonly level: 'info' | 'warn';
  /** A sentence for the operator, such as "appendonly yes, appendfsync everysec: …". */
  readonly statement: string;
}

/**
 * The values of one shard. Any node fetches; only the leader of the shard flushes. Nothing here
 * throws or rejects: what goes wrong is an outcome. Calls may overlap; an implementation puts what
 * comes in one turn into one round trip.
 */
export interface ShardMemory {
  /** As far as is known: the last attempt to reach it did not fail. */
  readonly available: boolean;
  fetch(keys: readonly string[], deadlineMs: number): Promise<Fetched>;
  flush(batch: FlushBatch): Promise<Flushed>;
  /** Whether the mark that the newest flush left for this shard still stands. */
  readMark(deadlineMs: number): Promise<Mark>;
}

/** It tells all of itself, since it may be newer than what the asker knows of the key. */
export type MemoryItem = CacheItem;

export type Fetched =
  /** In the order of the keys; `undefined` for what is not there, or cannot be read. */
  | { readonly kind: 'fetched'; readonly items: readonly (MemoryItem | undefined)[] }
  | { readonly kind: 'unavailable'; readonly detail: string };

export interface FlushWrite {
  readonly key: string;
  /** Of the write, or of the drop. */
  readonly version: number;
  /** `undefined`: the key is to be deleted. */
  readonly item: MemoryItem | undefined;
  /**
   * How long the directory will let the key live, from now. Memory may forget it some time after
   * that by itself, as a broom; never before.
   */
  readonly expiresInMs: number | undefined;
}

/**
 * Writes of the shard's leader, at most one of a key. `token` fences: memory keeps, in the shard's
 * mark, the newest it has seen, and refuses older ones; term before attempt (`acceptsFlush` in
 * `@quorate/mesi` is the specification). The whole batch is judged by its token; each of its writes
 * then by its version.
 */
export interface FlushBatch {
  readonly token: FlushToken;
  readonly writes: readonly FlushWrite[];
  /**
   * This shard has been flushed before, so the mark must be there. False for the first flush of a
   * shard, and for the one that follows a loss that the log has noted: it sets the mark anew.
   */
  readonly markExpected: boolean;
  readonly deadlineMs: number;
}

export type Flushed =
  /** In the order of the writes. `newer`: memory had a newer version of that key, and kept it. */
  | { readonly kind: 'flushed'; readonly results: readonly ('written' | 'newer')[] }
  /** A newer token has written here: whoever sent this batch leads no more. Nothing was written. */
  | { readonly kind: 'fenced'; readonly by: FlushToken }
  /** The mark has vanished, so this memory has lost its data. Nothing was written. */
  | { readonly kind: 'mark-missing' }
  /** It never left this node. */
  | { readonly kind: 'unavailable'; readonly detail: string }
  /** It may be written, now or much later. The sender raises its attempt before it sends again. */
  | { readonly kind: 'unknown'; readonly detail: string };

export type Mark = 'present' | 'absent' | 'unavailable';
