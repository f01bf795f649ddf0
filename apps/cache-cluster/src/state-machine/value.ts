/** What a key holds: bytes, and what they are. Never looked into, always answered as they came. */
export interface CacheValue {
  /** A media type, as HTTP writes it. */
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** What `POST /cache/put` stores: JSON text. */
export const jsonType = 'application/json';

/** One version of one key. It never changes: the state, a line and an answer may share it. */
export interface CacheItem {
  /** The index of the write. */
  readonly version: number;
  /** In the log's time, both. */
  readonly writtenAtMs: number;
  /** Infinity for one that does not expire. */
  readonly deadlineMs: number;
  readonly value: CacheValue;
}

/** What it counts against the bounds; characters of the key count as bytes. */
export const itemBytes = (key: string, { type, bytes }: CacheValue): number =>
  key.length + type.length + bytes.length;
