import type { FencingToken, WaitId } from './ids.ts';
import type { Mode } from './modes.ts';

/** Times are the log's; `expires_in_ms` is the difference to the group's clock when one answers. */
export interface HeldKey {
  readonly key: string;
  readonly mode: Mode;
  readonly token: FencingToken;
  readonly expiresAtMs: number;
}

export interface Holder {
  readonly client: string;
  readonly mode: Mode;
  readonly token: FencingToken;
  readonly expiresAtMs: number;
}

/** Why one key could not be had at once. */
export interface Conflict {
  readonly key: string;
  /** Those in conflict with the request, at most `holdersNamedMax` of them. */
  readonly holders: readonly Holder[];
  readonly holderCount: number;
  readonly queueLength: number;
  /** An expired hold asked for this; until then nobody gets the key. */
  readonly delayedUntilMs?: number | undefined;
}

/** One step of a deadlock: `client` waits at `key` for `waitsFor`. The last waits for the first. */
export interface CycleStep {
  readonly client: string;
  readonly key: string;
  readonly waitsFor: string;
}

export type LockReply =
  /** Of acquire, convert, ticket. In the order of the request's keys. */
  | { readonly kind: 'granted'; readonly client: string; readonly holds: readonly HeldKey[] }
  /** The call is parked: an event will name it before or shortly after `untilMs`. */
  | { readonly kind: 'waiting'; readonly wait: WaitId; readonly untilMs: number }
  /** Stands in line under a ticket; nobody is parked. */
  | { readonly kind: 'queued'; readonly ticket: WaitId; readonly position: number }
  /** Tried once, could not be had. */
  | { readonly kind: 'held'; readonly conflicts: readonly Conflict[] }
  | { readonly kind: 'deadlock'; readonly cycle: readonly CycleStep[] }
  | { readonly kind: 'released'; readonly keys: readonly string[] }
  | { readonly kind: 'renewed'; readonly holds: readonly HeldKey[] }
  | { readonly kind: 'not-holder'; readonly keys: readonly string[] }
  | { readonly kind: 'token-mismatch'; readonly key: string; readonly current: FencingToken }
  /** No such ticket, or nobody of that name waits there. */
  | { readonly kind: 'not-waiting' }
  /** How many waits ended; a grant that nobody had asked for counts as one. */
  | { readonly kind: 'cancelled'; readonly waits: number }
  | { readonly kind: 'left' }
  /** A repeated request: what the first one was given has ended since. */
  | { readonly kind: 'ended'; readonly first: 'granted' | 'waiting' | 'queued' }
  | { readonly kind: 'reserved'; readonly key: string }
  | { readonly kind: 'deleted'; readonly key: string; readonly existed: boolean }
  /** The key belongs to the other algorithm (or is in use by this one). */
  | { readonly kind: 'wrong-algorithm'; readonly key: string; readonly uses: Algorithm }
  | { readonly kind: 'overloaded'; readonly limit: Overload };

export type Algorithm = 'raft' | 'ricart-agrawala';
export type Overload = 'holds' | 'waits' | 'waiters-per-key' | 'callers-per-wait' | 'reserved-keys';
