import type { LogIndex } from './ids.ts';
import type { Stamp } from './message.ts';

/** A stamp that a peer sent, and when it came. */
export interface HeardStamp {
  readonly stamp: Stamp;
  /** The clock read that came with the message: never earlier than the bytes. */
  readonly receivedMs: number;
  /** It may be handed back once a majority of the voters has answered this round or a later one. */
  readonly confirmedByRound: number;
}

/** The leader's account of one peer's lease. All times are this node's monotonic clock. */
export interface PeerLease {
  /** Kept until it is handed back: if newer ones took its place they would starve each other. */
  waiting: HeardStamp | undefined;
  /** The newest that came meanwhile; it waits its turn. */
  newest: HeardStamp | undefined;
  /** Until then the peer may be answering reads from its own memory. */
  servingUntilMs: number;
  /** The end of what it was sent at some moment, until it has that: how far behind it is, in time. */
  mark: { readonly index: LogIndex; readonly sentMs: number } | undefined;
  /** The last moment at which it lagged, as long as it gets no lease for that. */
  laggedMs: number | undefined;
  readmittedMs: number;
  backoffMs: number;
}

export const startLease = (servingUntilMs: number): PeerLease => ({
  waiting: undefined,
  newest: undefined,
  servingUntilMs,
  mark: undefined,
  laggedMs: undefined,
  readmittedMs: -Infinity,
  backoffMs: 0,
});
