import type { DurableState, Membership } from './entry.ts';
import type { NodeId } from './ids.ts';

export interface CoreOptions {
  readonly id: NodeId;
  /** A number of this process's life; part of every stamp and read id. */
  readonly incarnation: number;
  /** The membership at index 0; what the log or a snapshot says wins over it. */
  readonly bootstrap: Membership;
  readonly durable: DurableState;
  readonly nowMs: number;
  /** Uniform in [0, 1): draws election timeouts. */
  readonly random: () => number;
  readonly timing: Timing;
  readonly limits: Limits;
  /** Set for groups that answer reads from their own memory; see DESIGN.md, "Local reads". */
  readonly localReads: LocalReads | undefined;
}

export interface Timing {
  readonly electionTimeoutMinMs: number;
  readonly electionTimeoutMaxMs: number;
  readonly heartbeatIntervalMs: number;
}

export interface Limits {
  readonly inflightMessagesMax: number;
  readonly inflightBytesMax: number;
  readonly appendBytesMax: number;
  /** How long small appends wait for company while one is unanswered; 0: they do not. */
  readonly gatherMs: number;
  readonly uncommittedBytesMax: number;
  /** Entries kept in memory behind a snapshot, so that a slow follower need not take the snapshot. */
  readonly trailingBytesMax: number;
}

export interface LocalReads {
  readonly leaseMs: number;
  /** Taken off by the follower for the drift between two clocks over one lease. */
  readonly driftMs: number;
  /** A follower whose log stays this far behind what it was sent gets no further lease. */
  readonly lagMaxMs: number;
  readonly readmitMinMs: number;
  readonly readmitMaxMs: number;
}
