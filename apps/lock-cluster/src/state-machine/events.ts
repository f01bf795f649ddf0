import type { NodeId } from '@quorate/raft';
import type { FencingToken, WaitId } from './ids.ts';
import type { Mode } from './modes.ts';
import type { CycleStep, HeldKey } from './replies.ts';

/** One request parked on one life of one node. */
export interface Caller {
  readonly node: NodeId;
  readonly incarnation: number;
  readonly call: number;
  /** When this call is to be answered with a time-out (or, with a ticket, its position). */
  readonly untilMs: number;
}

/**
 * What happened to those who are not the proposer of the entry. Each node wakes the callers that are
 * its own and ignores the others; all nodes may count.
 */
export type LockEvent =
  | {
      readonly kind: 'granted';
      readonly wait: WaitId;
      readonly client: string;
      readonly holds: readonly HeldKey[];
      readonly callers: readonly Caller[];
    }
  /** These callers' time is over. With a ticket the wait goes on at `position`. */
  | {
      readonly kind: 'timed-out';
      readonly wait: WaitId;
      readonly position: number | undefined;
      readonly callers: readonly Caller[];
    }
  /** The hold that was to be converted has ended: `not_holder`. */
  | {
      readonly kind: 'hold-lost';
      readonly wait: WaitId;
      readonly keys: readonly string[];
      readonly callers: readonly Caller[];
    }
  | { readonly kind: 'cancelled'; readonly wait: WaitId; readonly callers: readonly Caller[] }
  /** A wait that was suspended came back and now would close a cycle. */
  | {
      readonly kind: 'deadlocked';
      readonly wait: WaitId;
      readonly cycle: readonly CycleStep[];
      readonly callers: readonly Caller[];
    }
  /** All of a wait's callers were on nodes that are gone; it keeps its place but is not granted. */
  | { readonly kind: 'suspended'; readonly wait: WaitId; readonly callers: readonly Caller[] }
  /** Nobody asked for this ticket in time: it left the line, or its grant was taken back. */
  | { readonly kind: 'ticket-lapsed'; readonly ticket: WaitId; readonly granted: boolean }
  | {
      readonly kind: 'expired';
      readonly key: string;
      readonly client: string;
      readonly mode: Mode;
      readonly token: FencingToken;
    };
