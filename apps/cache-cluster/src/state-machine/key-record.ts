import type { DirectoryEntry } from '@quorate/mesi';
import type { CacheItem } from './value.ts';

/**
 * All that the shard knows of one key. To be changed only after its table was told, because a snapshot
 * may be under way.
 */
export class KeyRecord {
  readonly key: string;
  /** As it was left; who has departed since is not taken out yet (`ShardState.standing`). */
  entry: DirectoryEntry;
  /** The entry of the log that last changed who has a line. */
  touchedAt: number;
  /** The value, while it is not only memory's to keep. */
  item: CacheItem | undefined;
  /** Where it stands in the heap of deadlines; -1 outside. */
  heapIndex = -1;
  /** Neighbours in the order of use. */
  older: KeyRecord | undefined;
  newer: KeyRecord | undefined;

  constructor(key: string, entry: DirectoryEntry, touchedAt: number, item: CacheItem | undefined) {
    this.key = key;
    this.entry = entry;
    this.touchedAt = touchedAt;
    this.item = item;
  }

  get deadlineMs(): number {
    return this.entry.deadlineMs;
  }
}
