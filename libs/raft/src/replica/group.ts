import type { Office } from '../core/effects.ts';
import type { PeerProgress } from '../core/core.ts';
import type { LogIndex, NodeId } from '../core/ids.ts';
import type { AppliedAt, Origin } from './state-machine.ts';

/** Names a caller's request, so that a repetition is answered as the first was. */
export interface RequestRef {
  /** Whose ids these are: a client, a consumer, a token. */
  readonly scope: string;
  readonly id: string;
  /** A digest of route and body: the same id with another is refused. */
  readonly fingerprint: string;
}

export interface ProposeOptions {
  /** Monotonic; after it the outcome is `unknown` if the command may have left, else `no-leader`. */
  readonly deadlineMs: number;
  readonly request?: RequestRef;
}

export type Outcome<Reply> =
  | { readonly kind: 'applied'; readonly reply: Reply; readonly index: LogIndex }
  /** Answered from the request table: the first answer, given again. */
  | { readonly kind: 'repeated'; readonly reply: Reply; readonly index: LogIndex }
  /** It has not taken effect and never will. */
  | { readonly kind: 'refused'; readonly why: Refusal }
  /** It may or may not have taken effect. */
  | { readonly kind: 'unknown' };

export type Refusal = 'no-leader' | 'overloaded' | 'storage-full' | 'request-id-reused';

export type ReadOutcome =
  | { readonly kind: 'ready'; readonly index: LogIndex }
  | { readonly kind: 'refused'; readonly why: 'no-leader' };

export interface GroupStatus extends Office {
  readonly commit: LogIndex;
  readonly applied: LogIndex;
  readonly settled: LogIndex;
  readonly snapshot: LogIndex;
  readonly lastIndex: LogIndex;
  readonly clockMs: number;
  readonly peers: readonly PeerProgress[];
  /** A majority, this node included, was heard within an election timeout. */
  readonly quorumInReach: boolean;
  readonly storage: 'ok' | 'full' | 'broken';
  /** The state is being read back from a snapshot; reads wait for it. */
  readonly restoring: boolean;
}

/** One replicated log with its state machine, seen from one node. Every call works on every node. */
export interface Group<Command, Reply, Event> {
  propose(command: Command, options: ProposeOptions): Promise<Outcome<Reply>>;
  /** After `ready`, this node's state machine shows everything that was answered before the call. */
  readBarrier(deadlineMs: number): Promise<ReadOutcome>;
  /** Resolves when the settled index covers `index`; false when the deadline came first. */
  whenSettled(index: LogIndex, deadlineMs: number): Promise<boolean>;
  mayServeLocally(): boolean;
  /** Up to here everything is committed, and in the log of every node that may be serving. */
  readonly settled: LogIndex;
  /** The cluster clock as far as this node knows; never behind a stamp in its log, applied or not. */
  clockMs(): number;
  status(): GroupStatus;
  transfer(to: NodeId | undefined, deadlineMs: number): Promise<boolean>;
  /** In log order, right after each apply; a listener must not throw and must not block. */
  onEvents(listener: (events: readonly Event[], at: AppliedAt) => void): void;
  /** A snapshot replaced the state: whatever is parked on this node must look again. */
  onRestored(listener: () => void): void;
  /** This node's log grew (or was cut) by entries not yet applied; for line invalidation on append. */
  onAppended(listener: (commands: readonly AppendedCommand<Command>[]) => void): void;
  stop(): Promise<void>;
}

export interface AppendedCommand<Command> {
  readonly index: LogIndex;
  readonly origin: Origin;
  readonly command: Command;
}
