import type { LogIndex } from '../core/ids.ts';
import { logIndex } from '../core/ids.ts';
import type { SnapshotPart } from '../state/snapshot-part.ts';
import { SnapshotTable } from '../state/snapshot-table.ts';
import type { RequestRef } from './group.ts';

/** What the replicas of one group must agree on: they are part of what an entry means. */
export interface RequestTableLimits {
  /** How long a request is remembered, in cluster time. */
  readonly windowMs: number;
  readonly requestsMax: number;
  readonly bytesMax: number;
}

interface Remembered {
  readonly fingerprint: string;
  readonly index: LogIndex;
  readonly expiresAtMs: number;
  readonly reply: Uint8Array;
}

export type Looked =
  | { readonly kind: 'new' }
  | { readonly kind: 'repeated'; readonly reply: Uint8Array; readonly index: LogIndex }
  | { readonly kind: 'reused' }
  | { readonly kind: 'full' };

/** One entry of the log removes at most so many; what is left is still due. */
const forgottenMax = 1_000;

/**
 * The requests of the last two minutes of cluster time with their first replies, so that a repeated
 * one changes nothing. Replicated and bounded: when it is full it takes no new request, and it never
 * forgets one early, since forgetting early would let a repetition take effect twice.
 *
 * All expire after the same time and stamps never decrease, so the oldest is always the next to go.
 */
export class RequestTable {
  readonly #limits: RequestTableLimits;
  readonly #table: SnapshotTable<string, Remembered>;
  #bytes = 0;
  /**
   * A walk that stays open at the oldest entry. Starting anew each time would step over all that
   * was deleted at the front since the map was last rehashed.
   */
  #walk: Iterator<readonly [string, Remembered]> | undefined;
  #oldest: readonly [string, Remembered] | undefined;

  constructor(limits: RequestTableLimits) {
    this.#limits = limits;
    this.#table = new SnapshotTable<string, Remembered>({
      encode: encodeRemembered,
      decode: decodeRemembered,
      restored: (key, value) => {
        this.#bytes += sizeOf(key, value);
      },
    });
  }

  get size(): number {
    return this.#table.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get full(): boolean {
    return this.#table.size >= this.#limits.requestsMax || this.#bytes >= this.#limits.bytesMax;
  }

  lookUp(request: RequestRef, atMs: number): Looked {
    const known = this.#table.get(keyOf(request));
    // A request whose time is over may still stand here; it counts as forgotten on every node alike.
    if (known === undefined || known.expiresAtMs <= atMs) {
      return this.full ? { kind: 'full' } : { kind: 'new' };
    }
    if (known.fingerprint !== request.fingerprint) return { kind: 'reused' };
    return { kind: 'repeated', reply: known.reply, index: known.index };
  }

  remember(
    request: RequestRef,
    answer: { index: LogIndex; atMs: number; reply: Uint8Array },
  ): void {
    const key = keyOf(request);
    const value: Remembered = {
      fingerprint: request.fingerprint,
      index: answer.index,
      expiresAtMs: answer.atMs + this.#limits.windowMs,
      reply: answer.reply,
    };
    const former = this.#table.get(key);
    if (former !== undefined) this.#forget(key, former);
    this.#table.set(key, value);
    this.#bytes += sizeOf(key, value);
  }

  /** Forgets what has expired by `atMs`, boundedly. */
  expire(atMs: number): void {
    for (let i = 0; i < forgottenMax; i++) {
      const oldest = this.#peek();
      if (oldest === undefined || oldest[1].expiresAtMs > atMs) return;
      this.#forget(oldest[0], oldest[1]);
    }
  }

  /** When the oldest request may be forgotten. */
  nextDeadline(): number | undefined {
    return this.#peek()?.[1].expiresAtMs;
  }

  part(): SnapshotPart {
    return {
      snapshot: () => this.#table.snapshot(),
      restore: () => {
        this.#bytes = 0;
        this.#walk = undefined;
        this.#oldest = undefined;
        return this.#table.restore();
      },
    };
  }

  #forget(key: string, value: Remembered): void {
    this.#table.delete(key);
    this.#bytes -= sizeOf(key, value);
    if (this.#oldest?.[0] === key) this.#oldest = undefined;
  }

  #peek(): readonly [string, Remembered] | undefined {
    if (this.#oldest !== undefined || this.#table.size === 0) return this.#oldest;
    this.#walk ??= this.#table[Symbol.iterator]();
    let next = this.#walk.next();
    if (next.done === true) {
      // A walk that has met the end does not see what is inserted later.
      this.#walk = this.#table[Symbol.iterator]();
      next = this.#walk.next();
    }
    this.#oldest = next.done === true ? undefined : next.value;
    return this.#oldest;
  }
}

const keyOf = ({ scope, id }: RequestRef): string => `${scope.length}:${scope}${id}`;

/** An estimate that is the same on every node. */
const sizeOf = (key: string, value: Remembered): number =>
  200 + 2 * (key.length + value.fingerprint.length) + value.reply.length;

function encodeRemembered(key: string, value: Remembered): Uint8Array {
  const keyBytes = Buffer.from(key, 'utf8');
  const fingerprint = Buffer.from(value.fingerprint, 'utf8');
  const out = Buffer.allocUnsafe(
    4 + keyBytes.length + 2 + fingerprint.length + 14 + value.reply.length,
  );
  let at = out.writeUInt32BE(keyBytes.length, 0);
  out.set(keyBytes, at);
  at = out.writeUInt16BE(fingerprint.length, at + keyBytes.length);
  out.set(fingerprint, at);
  at = out.writeUIntBE(value.index, at + fingerprint.length, 6);
  at = out.writeDoubleBE(value.expiresAtMs, at);
  out.set(value.reply, at);
  return out;
}

function decodeRemembered(bytes: Uint8Array): readonly [string, Remembered] {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const keyEnd = 4 + view.readUInt32BE(0);
  const fingerprintEnd = keyEnd + 2 + view.readUInt16BE(keyEnd);
  const key = view.toString('utf8', 4, keyEnd);
  const value: Remembered = {
    fingerprint: view.toString('utf8', keyEnd + 2, fingerprintEnd),
    index: logIndex(view.readUIntBE(fingerprintEnd, 6)),
    expiresAtMs: view.readDoubleBE(fingerprintEnd + 6),
    reply: Uint8Array.from(view.subarray(fingerprintEnd + 14)),
  };
  return [key, value];
}
