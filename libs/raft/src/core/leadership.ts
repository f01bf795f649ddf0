import { logIndex, type LogIndex, type NodeId } from './ids.ts';
import { membersOf } from './membership.ts';
import { startProgress, type Progress } from './progress.ts';
import { quorumValue } from './quorum.ts';
import { RoundTimes } from './round-times.ts';
import type { State } from './state.ts';

/** Somebody who waits for an index that is safe to read at. `from` undefined: on this node. */
export interface Reader {
  readonly from: NodeId | undefined;
  readonly id: number;
  readonly incarnation: number;
}

export interface ReadRound {
  readonly round: number;
  readonly index: LogIndex;
  readonly readers: readonly Reader[];
}

/** Leadership being handed over (§3.10 of the dissertation). */
export interface Transfer {
  readonly to: NodeId;
  readonly deadlineMs: number;
  toldAtMs: number | undefined;
}

/** What only a leader has; it is made at its election and gone when it steps down. */
export interface Leadership {
  /** The first entry of the term. Until it is committed nothing is known of what is (§8). */
  readonly noopIndex: LogIndex;
  readonly electedMs: number;
  /** The cluster clock at `electedMs`. */
  readonly clockStartMs: number;
  peers: readonly Progress[];
  readonly byId: Map<NodeId, Progress>;
  /** The number of the newest broadcast; never used twice in a term. */
  round: number;
  /** A majority, this node included, has answered this round or a later one. */
  quorumRound: number;
  readonly roundTimes: RoundTimes;
  heartbeatDueMs: number;
  /** Of what is appended and not committed. */
  uncommittedBytes: number;
  /** On the waking clock: since when what is appended has waited for the next commit. */
  commitMovedMs: number;
  transfer: Transfer | undefined;
  /** A full leader tries again to hand over after this moment of the waking clock. */
  handOverDueMs: number;
  /** It has told a successor to stand: for the rest of the term it has no lease to read by. */
  leaseForfeited: boolean;
  /** A member that was removed may be serving until then, and nobody hears of its log any more. */
  departedServingUntilMs: number;
  readonly readers: Reader[];
  readonly readRounds: ReadRound[];
  /** Something may have to be sent. */
  dirty: boolean;
  /** Made once, because they are asked with every answer. */
  readonly matchOf: (id: NodeId) => number;
  readonly answeredRoundOf: (id: NodeId) => number;
  readonly heardMsOf: (id: NodeId) => number;
}

export function startLeadership(state: State): Leadership {
  const noopIndex = logIndex(state.log.lastIndex + 1);
  const byId = new Map<NodeId, Progress>();
  const leadership: Leadership = {
    noopIndex,
    electedMs: state.nowMs,
    clockStartMs: Math.max(state.log.lastAtMs, state.heardClockMs),
    peers: [],
    byId,
    round: 1,
    quorumRound: 0,
    roundTimes: new RoundTimes(),
    heartbeatDueMs: state.nowMs + state.timing.heartbeatIntervalMs,
    uncommittedBytes: state.log.bytesBetween(logIndex(state.commit + 1), state.log.lastIndex),
    commitMovedMs: state.awakeMs,
    transfer: undefined,
    handOverDueMs: state.awakeMs,
    leaseForfeited: false,
    departedServingUntilMs: -Infinity,
    readers: [],
    readRounds: [],
    dirty: true,
    // The leader's own copy counts only as far as its own disk has it, and exactly once.
    matchOf: (id) => (id === state.id ? state.durability.index : (byId.get(id)?.match ?? 0)),
    answeredRoundOf: (id) =>
      id === state.id ? leadership.round : (byId.get(id)?.answeredRound ?? 0),
    heardMsOf: (id) => (id === state.id ? state.awakeMs : (byId.get(id)?.heardMs ?? -Infinity)),
  };
  leadership.roundTimes.note(leadership.round, state.nowMs);
  syncPeers(state, leadership);
  return leadership;
}

/** Keeps what is known of those who stay, and starts afresh with those who join. */
export function syncPeers(state: State, leadership: Leadership): void {
  const { byId } = leadership;
  const members = membersOf(state.log.membership).filter((id) => id !== state.id);
  for (const [id, { lease }] of byId) {
    if (members.includes(id)) continue;
    leadership.departedServingUntilMs = Math.max(
      leadership.departedServingUntilMs,
      lease.servingUntilMs,
    );
    byId.delete(id);
  }
  for (const id of members) {
    if (byId.has(id)) continue;
    const progress = startProgress({
      id,
      next: logIndex(state.log.lastIndex + 1),
      awakeMs: state.awakeMs,
      servingUntilMs: state.nowMs + (state.localReads?.leaseMs ?? 0),
      messagesMax: state.limits.inflightMessagesMax,
      bytesMax: state.limits.inflightBytesMax,
    });
    byId.set(id, progress);
  }
  leadership.peers = [...byId.values()];
}

/** The cluster clock in whole milliseconds: the log's time, which only a leader moves. */
export function leaderClockMs(state: State, leadership: Leadership, nowMs: number): number {
  const sinceMs = Math.max(0, nowMs - leadership.electedMs);
  return Math.max(state.log.lastAtMs, Math.floor(leadership.clockStartMs + sinceMs));
}

/** When a majority was last known to be in reach, on the waking clock. */
export const quorumHeardMs = (state: State, leadership: Leadership): number =>
  quorumValue(state.log.membership, leadership.heardMsOf);
