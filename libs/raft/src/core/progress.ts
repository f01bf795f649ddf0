import type { SnapshotMeta } from './entry.ts';
import { indexZero, logIndex, type LogIndex, type NodeId } from './ids.ts';
import { invariant } from './invariant.ts';
import { InflightWindow } from './inflight-window.ts';
import { startLease, type PeerLease } from './peer-lease.ts';

/**
 * What a leader knows of one peer.
 * - `probe`: where the logs part is not known; one append at a time, until it is answered or a
 *   heartbeat's answer shows that it was lost.
 * - `replicate`: the peer follows; appends are sent ahead of their answers, within a window.
 * - `snapshot`: what the peer needs next is no longer in the log.
 */
export interface Progress {
  readonly id: NodeId;
  state: 'probe' | 'replicate' | 'snapshot';
  /** Durable there, and the same as here. Never goes back. */
  match: LogIndex;
  /** The next entry to send; always beyond `match`. */
  next: LogIndex;
  /** `probe`: one is under way. */
  paused: boolean;
  readonly window: InflightWindow;
  /** `replicate`: send an empty append now, to find out whether what was sent has been lost. */
  nudge: boolean;
  /** When `match` last grew, or a nudge was sent. On the waking clock. */
  movedMs: number;
  /** When the newest append with entries went out, on the waking clock. */
  sentMs: number;
  /** The newest watermarks that this peer was told. */
  sentCommit: LogIndex;
  sentSettled: LogIndex;
  /** The newest round that it answered. */
  answeredRound: number;
  /** When it was last heard: on the waking clock for decisions, monotonic for reports. */
  heardMs: number;
  heardAtMs: number | undefined;
  sending: SnapshotSending | undefined;
  lease: PeerLease;
}

/** A snapshot on its way to one peer. */
export interface SnapshotSending {
  readonly meta: SnapshotMeta;
  /** The peer has staged everything before this. */
  ackedOffset: number;
  /** What the peer's last answer asked for: less than `ackedOffset` if it began anew meanwhile. */
  askedOffset: number;
  /** The next piece to read from the store. */
  readOffset: number;
  reading: boolean;
  /** The ends of the pieces sent and not answered. */
  readonly outstanding: number[];
  lastSent: boolean;
  movedMs: number;
  pausedUntilMs: number;
  /** An answer that asks for `ackedOffset` again rewinds once; after that only time does. */
  rewoundAt: number;
}

export interface ProgressStart {
  readonly id: NodeId;
  readonly next: LogIndex;
  readonly awakeMs: number;
  /** Until then it may serve local reads by a lease that somebody else gave it. */
  readonly servingUntilMs: number;
  readonly messagesMax: number;
  readonly bytesMax: number;
}

export function startProgress(start: ProgressStart): Progress {
  return {
    id: start.id,
    state: 'probe',
    match: indexZero,
    next: start.next,
    paused: false,
    window: new InflightWindow(start.messagesMax, start.bytesMax),
    nudge: false,
    movedMs: start.awakeMs,
    sentMs: start.awakeMs,
    sentCommit: indexZero,
    sentSettled: indexZero,
    answeredRound: 0,
    // A new leader gives everyone one timeout of grace before it counts who is there.
    heardMs: start.awakeMs,
    heardAtMs: undefined,
    sending: undefined,
    lease: startLease(start.servingUntilMs),
  };
}

export function becomeProbe(progress: Progress, next: LogIndex): void {
  invariant(next > progress.match, 'what is known to match is not sent again');
  progress.state = 'probe';
  progress.next = next;
  progress.paused = false;
  progress.nudge = false;
  progress.window.clear();
  progress.sending = undefined;
}

export function becomeReplicate(progress: Progress): void {
  progress.state = 'replicate';
  progress.next = logIndex(progress.match + 1);
  progress.paused = false;
  progress.nudge = false;
  progress.window.clear();
  progress.sending = undefined;
}

/** Returns whether the match index grew. A late answer changes nothing. */
export function noteMatch(progress: Progress, match: LogIndex, awakeMs: number): boolean {
  if (match <= progress.match) return false;
  progress.match = match;
  progress.movedMs = awakeMs;
  if (progress.next <= match) progress.next = logIndex(match + 1);
  progress.window.freeThrough(match);
  return true;
}
