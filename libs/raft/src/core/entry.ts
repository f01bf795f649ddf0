import type { LogIndex, NodeId, Term } from './ids.ts';

/**
 * - `noop`: the first entry of every term (§8: it lets entries of earlier terms commit).
 * - `command`: opaque bytes for the state machine, wrapped by the replica's envelope.
 * - `membership`: an encoded `Membership`, in force from the moment it is appended.
 */
export type EntryKind = 'noop' | 'command' | 'membership';

export interface Entry {
  readonly index: LogIndex;
  readonly term: Term;
  /** The cluster clock at append, stamped by the leader; never decreases along the log. */
  readonly atMs: number;
  readonly kind: EntryKind;
  readonly payload: Uint8Array;
}

/** Who votes and who only listens. `outgoing` is the old half of a joint membership, else empty. */
export interface Membership {
  readonly voters: readonly NodeId[];
  readonly outgoing: readonly NodeId[];
  readonly learners: readonly NodeId[];
}

/** What must survive a crash besides the log: without it a node could vote twice in one term. */
export interface HardState {
  readonly term: Term;
  readonly vote: NodeId | undefined;
}

/** What a snapshot stands for: everything up to and including `index`. */
export interface SnapshotMeta {
  readonly index: LogIndex;
  readonly term: Term;
  /** The cluster clock of the entry at `index`. */
  readonly atMs: number;
  readonly membership: Membership;
}

/** What a store gives back after a restart: consistent, or the store refuses to open. */
export interface DurableState {
  readonly hardState: HardState;
  readonly snapshot: SnapshotMeta | undefined;
  /** Contiguous; starts at or before `snapshot.index + 1`, else at 1. */
  readonly entries: readonly Entry[];
}
