import type { LineState } from '@quorate/mesi';
import type { CacheItem, CacheValue } from './value.ts';

/**
 * Limits travel with the commands they bound. Were they read from each node's own configuration inside
 * `apply`, two nodes configured differently would decide differently about one entry.
 */
export interface WriteLimits {
  /** Values that memory does not have yet. */
  readonly dirtyBytesMax: number;
  /** All values that the state keeps. */
  readonly valueBytesMax: number;
  readonly keysMax: number;
}

/** What must hold of a key for it to be written or deleted. */
export type Condition =
  | { readonly kind: 'absent' }
  | { readonly kind: 'present' }
  | { readonly kind: 'version-in'; readonly versions: readonly number[] }
  | { readonly kind: 'version-not-in'; readonly versions: readonly number[] };

export interface KeyWrite {
  readonly key: string;
  readonly value: CacheValue;
  readonly ttlMs: number | undefined;
  readonly condition: Condition | undefined;
}

export interface KeyDelete {
  readonly key: string;
  readonly condition: Condition | undefined;
}

export interface KeyVersion {
  readonly key: string;
  readonly version: number;
}

/**
 * The transactions of the bus, some of them for several keys at once. No key stands twice in a
 * command: its version is the index of the entry, so one entry makes at most one of each key.
 */
export type CacheCommand =
  /** BusRdX, or BusUpgr where the writer turns out to be a sharer. */
  | {
      readonly kind: 'write';
      readonly writes: readonly KeyWrite[];
      readonly limits: WriteLimits;
    }
  /** Drop, asked for by a caller. */
  | { readonly kind: 'delete'; readonly deletes: readonly KeyDelete[] }
  /** BusRd. */
  | { readonly kind: 'read'; readonly keys: readonly string[] }
  /** Flush: memory has these versions. `keepValues`: the state itself is the memory. */
  | {
      readonly kind: 'flush';
      readonly keys: readonly KeyVersion[];
      readonly keepValues: boolean;
    }
  /** Drop, by the leader: no room in memory for them, or memory has lost them. */
  | {
      readonly kind: 'drop';
      readonly keys: readonly KeyVersion[];
      readonly why: 'evicted' | 'lost';
    }
  /** Memory has lost all it had of this shard. */
  | { readonly kind: 'memory-lost' };

export type WriteResult =
  | { readonly kind: 'written'; readonly version: number; readonly created: boolean }
  /** `version` 0: the key is absent. */
  | { readonly kind: 'mismatch'; readonly version: number }
  | { readonly kind: 'full'; readonly what: string };

export type DeleteResult =
  | { readonly kind: 'deleted' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'mismatch'; readonly version: number };

export type ReadResult =
  | {
      readonly kind: 'found';
      readonly version: number;
      /** Of the reader's line, if it gets one. */
      readonly state: LineState;
      /** `undefined`: memory has the value. */
      readonly item: CacheItem | undefined;
    }
  | { readonly kind: 'absent' };

export type CacheReply =
  | { readonly kind: 'written'; readonly results: readonly WriteResult[] }
  | { readonly kind: 'deleted'; readonly results: readonly DeleteResult[] }
  | { readonly kind: 'read'; readonly results: readonly ReadResult[] }
  | { readonly kind: 'done' };

export type DropReason = 'deleted' | 'expired' | 'evicted' | 'lost';

/** What an entry did, key by key; each node makes of it what concerns its lines. */
export type CacheEvent =
  | {
      readonly kind: 'written';
      readonly key: string;
      readonly node: string;
      readonly bus: 'BusRdX' | 'BusUpgr';
      readonly item: CacheItem;
    }
  | {
      readonly kind: 'read';
      readonly key: string;
      readonly node: string;
      readonly result: ReadResult;
    }
  | { readonly kind: 'flushed'; readonly key: string; readonly version: number }
  | { readonly kind: 'dropped'; readonly key: string; readonly why: DropReason }
  /** Nobody counts on lines of this node any more: it begins a life, or was given up. */
  | { readonly kind: 'departed'; readonly node: string }
  | { readonly kind: 'memory-lost' };
