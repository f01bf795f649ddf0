import type { Entry, SnapshotMeta } from './entry.ts';
import type { LogIndex, NodeId, Term } from './ids.ts';

/**
 * A reading of a node's monotonic clock. It means something only to the incarnation of the node that
 * made it; a restarted node ignores the stamps of its former lives.
 */
export interface Stamp {
  readonly incarnation: number;
  readonly atMs: number;
}

/**
 * The leader hands a follower's own stamp back: permission to serve local reads until that stamp
 * plus the lease, once the follower's log matches the leader's up to `floor`.
 */
export interface LeaseEcho {
  readonly stamp: Stamp;
  readonly floor: LogIndex;
}

/** §5.2, and §9.6 of the dissertation for pre-vote, which asks without changing anybody's term. */
export interface VoteRequest {
  readonly kind: 'vote-request';
  readonly preVote: boolean;
  /** The term campaigned for; a pre-vote names the term that the real vote would have. */
  readonly term: Term;
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
  /** Set when the leader itself asked for this election (transfer): stickiness does not apply. */
  readonly transfer: boolean;
}

export interface VoteAnswer {
  readonly kind: 'vote-answer';
  readonly preVote: boolean;
  /** A granted pre-vote echoes the asked term; a refusal carries the voter's own. */
  readonly term: Term;
  readonly granted: boolean;
}

/** What every message of a leader in office carries. `round` numbers its broadcasts, never reused in a term. */
interface FromLeader {
  readonly term: Term;
  readonly round: number;
  readonly commit: LogIndex;
  /** Up to here everything is committed and in the log of every node that may serve local reads. */
  readonly settled: LogIndex;
  readonly echo: LeaseEcho | undefined;
}

/** §5.3. */
export interface Append extends FromLeader {
  readonly kind: 'append';
  readonly prevIndex: LogIndex;
  readonly prevTerm: Term;
  readonly entries: readonly Entry[];
}

export interface AppendAnswer {
  readonly kind: 'append-answer';
  readonly term: Term;
  readonly round: number;
  readonly stamp: Stamp | undefined;
  readonly result:
    | { readonly kind: 'matched'; readonly match: LogIndex }
    /** `prevIndex` as asked, so that stale answers are known; the hint is the follower's last
     * entry at or before it whose term is not above `prevTerm` (fast back-off by term). */
    | {
        readonly kind: 'conflict';
        readonly prevIndex: LogIndex;
        readonly hintIndex: LogIndex;
        readonly hintTerm: Term;
      };
}

/** Sent each interval to every peer; `commit` is never beyond what this peer is known to hold. */
export interface Heartbeat extends FromLeader {
  readonly kind: 'heartbeat';
  /** The cluster clock now, so that a successor's clock starts no earlier. */
  readonly clockMs: number;
}

export interface HeartbeatAnswer {
  readonly kind: 'heartbeat-answer';
  readonly term: Term;
  readonly round: number;
  readonly stamp: Stamp | undefined;
  /** The follower's durable last index: lets the leader free a probe that got stuck. */
  readonly lastIndex: LogIndex;
}

/** §7, in pieces: one snapshot is sent in order, each piece answered, resumable at any offset. */
export interface SnapshotChunk {
  readonly kind: 'snapshot-chunk';
  readonly term: Term;
  readonly round: number;
  readonly meta: SnapshotMeta;
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly checksum: number;
  readonly last: boolean;
}

export interface SnapshotAnswer {
  readonly kind: 'snapshot-answer';
  readonly term: Term;
  readonly round: number;
  readonly index: LogIndex;
  /** Where the follower wants the next piece; `installed` when it has all and it is durable. */
  readonly nextOffset: number;
  readonly installed: boolean;
}

/** §3.10 of the dissertation: the leader tells its successor to stand for election at once. */
export interface TimeoutNow {
  readonly kind: 'timeout-now';
  readonly term: Term;
}

/** A follower asks for an index that is safe to read at; `id` is never reused by an incarnation. */
export interface ReadRequest {
  readonly kind: 'read-request';
  readonly term: Term;
  readonly id: number;
  readonly incarnation: number;
}

export interface ReadAnswer {
  readonly kind: 'read-answer';
  readonly term: Term;
  readonly id: number;
  readonly incarnation: number;
  /** `undefined`: this node cannot say (not leader); ask again. */
  readonly index: LogIndex | undefined;
}

export type Message =
  | VoteRequest
  | VoteAnswer
  | Append
  | AppendAnswer
  | Heartbeat
  | HeartbeatAnswer
  | SnapshotChunk
  | SnapshotAnswer
  | TimeoutNow
  | ReadRequest
  | ReadAnswer;

export interface Envelope {
  readonly to: NodeId;
  readonly message: Message;
}
