import type { Entry, EntryKind, HardState, SnapshotMeta } from './entry.ts';
import type { LogIndex, NodeId, Term } from './ids.ts';
import type { Envelope, Message } from './message.ts';

/** What happened. Time is the node's monotonic clock in milliseconds, passed in with every input. */
export type Input =
  | { readonly kind: 'tick'; readonly nowMs: number }
  | {
      readonly kind: 'message';
      readonly nowMs: number;
      readonly from: NodeId;
      readonly message: Message;
    }
  /** The write with this id, and so every earlier one, is durable. */
  | { readonly kind: 'persisted'; readonly nowMs: number; readonly writeId: number }
  /** The state machine has applied up to here. */
  | { readonly kind: 'applied'; readonly nowMs: number; readonly index: LogIndex }
  /** Somebody on this node wants a linearizable read; answered in `Effects.reads` by this id. */
  | { readonly kind: 'read'; readonly nowMs: number; readonly id: number }
  /** Leader only: hand leadership to a voter (the most caught-up one when none is named). */
  | { readonly kind: 'transfer'; readonly nowMs: number; readonly to: NodeId | undefined }
  /** A snapshot of our own is durable: the log before it may go. */
  | { readonly kind: 'snapshot-taken'; readonly nowMs: number; readonly meta: SnapshotMeta }
  /** Answer to `Effects.readChunk`. `bytes` undefined: that snapshot is no longer there. */
  | {
      readonly kind: 'chunk-read';
      readonly nowMs: number;
      readonly to: NodeId;
      readonly index: LogIndex;
      readonly offset: number;
      readonly bytes: Uint8Array | undefined;
      readonly last: boolean;
    }
  /** Answer to `Effects.storeChunk`: stored up to `nextOffset`; `complete` when the whole is durable.
   * `failed`: the staging was thrown away (bad checksum of the whole, disk full). */
  | {
      readonly kind: 'chunk-stored';
      readonly nowMs: number;
      readonly index: LogIndex;
      readonly nextOffset: number;
      readonly complete: boolean;
      readonly failed: boolean;
    }
  /** The link to a peer broke. `refused`: and its port refuses us, so the process is gone. */
  | {
      readonly kind: 'peer-reset';
      readonly nowMs: number;
      readonly peer: NodeId;
      readonly refused: boolean;
    }
  /** Proposals are refused while the disk is full; a leader also hands its office over. */
  | { readonly kind: 'storage-full'; readonly nowMs: number; readonly full: boolean }
  /** The machine slept, and its monotonic clock with it: what was timed before may be long over. */
  | { readonly kind: 'stood-still'; readonly nowMs: number };

/** A batch of proposals enters through a method of its own, because its answer is wanted at once. */
export interface Proposal {
  readonly kind: EntryKind;
  readonly payload: Uint8Array;
}

export type ProposeResult =
  | { readonly kind: 'appended'; readonly firstIndex: LogIndex; readonly term: Term }
  | { readonly kind: 'not-leader'; readonly leader: NodeId | undefined }
  /** Too much is appended and not committed; nothing of this batch was taken. */
  | { readonly kind: 'overloaded' }
  | { readonly kind: 'transferring' }
  | { readonly kind: 'storage-full' };

/**
 * One atomic durable write. Writes are issued in order of `id` and complete in that order; a newer one
 * may be issued before an older one completed. Entries overwrite whatever stood at their indexes
 * and everything after (§5.3). An empty write is an order barrier.
 */
export interface DurableWrite {
  readonly id: number;
  readonly hardState: HardState | undefined;
  readonly entries: readonly Entry[];
  /** A received snapshot becomes the log's beginning; entries that match beyond it stay. */
  readonly install: SnapshotMeta | undefined;
  /** With `install`: whether the log after the snapshot is kept (it matched) or dropped. */
  readonly keepSuffix: boolean;
  /** Messages that say something is durable; they may leave when this write is. */
  readonly thenSend: readonly Envelope[];
}

export type Role = 'follower' | 'candidate' | 'leader';

export interface ReadReady {
  readonly id: number;
  /** Serve the read once this is applied; `undefined`: it could not be confirmed, refuse or retry. */
  readonly index: LogIndex | undefined;
}

/**
 * What must be done, in this order: start `write`; let `send` leave (a leader's appends go out while
 * its own disk works, dissertation §10.2.1); hand `committed` to the state machine; serve `reads`.
 */
export interface Effects {
  readonly write: DurableWrite | undefined;
  readonly send: readonly Envelope[];
  readonly committed: readonly Entry[];
  readonly reads: readonly ReadReady[];
  /** Restore the state machine from this installed snapshot before applying anything after it. */
  readonly restore: SnapshotMeta | undefined;
  /** The log up to and including here may be dropped from the store. */
  readonly compact: LogIndex | undefined;
  /** Read a piece of the newest snapshot to send it on. */
  readonly readChunk: readonly {
    readonly to: NodeId;
    readonly index: LogIndex;
    readonly offset: number;
  }[];
  /** Stage a received piece. `offset` 0 starts anew. */
  readonly storeChunk: readonly {
    readonly meta: SnapshotMeta;
    readonly offset: number;
    readonly bytes: Uint8Array;
    readonly last: boolean;
  }[];
  /** Present when role, term or known leader changed. */
  readonly office: Office | undefined;
}

export interface Office {
  readonly role: Role;
  readonly term: Term;
  readonly leader: NodeId | undefined;
}
