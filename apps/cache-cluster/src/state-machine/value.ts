/** What a key holds: bytes, and what they are. Never looked into, always answered as they came. */
export interface CacheValue {
  /** A media type, as HTTP writes it. */
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** What `POST /cache/put` stores: JSON text. */
export const jsonType = 'application/json';
