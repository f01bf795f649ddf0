import type { Candidacy, ElectionTimer } from './election-timer.ts';
import type { Office, Role } from './effects.ts';
import type { SnapshotMeta } from './entry.ts';
import type { LogIndex, NodeId, Term } from './ids.ts';
import type { Durability } from './durability.ts';
import type { IncomingSnapshot } from './incoming-snapshot.ts';
import type { Leadership } from './leadership.ts';
import type { Log } from './log.ts';
import type { Limits, LocalReads, Timing } from './options.ts';
import type { Outbox } from './outbox.ts';
import type { AskedReads } from './asked-reads.ts';

/**
 * Everything one node knows. The handlers beside this file are functions over it, one concern each;
 * nothing of it is reachable from outside but through `RaftCore`.
 */
export interface State {
  readonly id: NodeId;
  readonly incarnation: number;
  readonly timing: Timing;
  readonly limits: Limits;
  readonly localReads: LocalReads | undefined;
  readonly random: () => number;

  /** Monotonic time as last told. Leases and the cluster clock are judged by it. */
  nowMs: number;
  /**
   * The waking clock: monotonic time without the gaps in which this process did not run. Timeouts are
   * judged by it, because messages that came during a gap are still to be read when it ends.
   */
  awakeMs: number;

  term: Term;
  vote: NodeId | undefined;
  role: Role;
  leader: NodeId | undefined;

  readonly log: Log;
  /** Known to be committed here; `handedOut` of it has gone to the state machine, `applied` is done. */
  commit: LogIndex;
  handedOut: LogIndex;
  applied: LogIndex;
  settled: LogIndex;
  /** The newest durable snapshot of this node. */
  snapshot: SnapshotMeta | undefined;
  /** The newest cluster clock that was heard from a leader or was this node's own. */
  heardClockMs: number;
  storageFull: boolean;

  readonly timer: ElectionTimer;
  candidacy: Candidacy | undefined;
  leadership: Leadership | undefined;
  /** The newest round of this term that a heartbeat answer went to; a repetition gets none. */
  answeredHeartbeatRound: number;
  /** Local reads are served before this moment of the monotonic clock, whoever leads by then. */
  leaseUntilMs: number;
  /** Leases that rest on a moment up to this one are not believed. */
  clockTrustedFromMs: number;
  /** A longer lease, which begins to count with the next batch of effects. */
  offeredLeaseUntilMs: number;
  incoming: IncomingSnapshot | undefined;
  readonly askedReads: AskedReads;

  readonly durability: Durability;
  outbox: Outbox;
  reportedOffice: Office;
}

/** Takes note of the time that comes with an input. */
export function advanceTime(state: State, nowMs: number): void {
  const elapsedMs = nowMs - state.nowMs;
  if (elapsedMs <= 0) return;
  state.nowMs = nowMs;
  state.awakeMs += Math.min(elapsedMs, state.timing.heartbeatIntervalMs);
}
