import type { LogIndex } from './ids.ts';
import type { Stamp } from './message.ts';

/** A stamp that a peer sent, and when it came. */
export interface HeardStamp {
  readonly stamp: Stamp;
  readonly receivedMs: number;
  /** It may be handed back once a majority has answered a round of this number or a later one. */
  readonly confirmedByRound: number;
}

/** The leader's account of one peer's lease. All times are this node's monotonic clock. */
export interface PeerLease {
  /** The two newest stamps that wait for their rounds; the older is confirmed first. */
  waiting: HeardStamp | undefined;
  newest: HeardStamp | undefined;
  /** Goes out with every message until a later one takes its place. */
  echo: HeardStamp | undefined;
  /** Until then the peer may be answering reads from its own memory. */
  servingUntilMs: number;
  /** The end of what was sent at a moment, until the peer has it: how far behind it is, in time. */
  mark: { readonly index: LogIndex; readonly sentMs: number } | undefined;
  /** Set while the peer gets no lease because it lagged; counts from its last lag. */
  suspendedMs: number | undefined;
  readmittedMs: number;
  backoffMs: number;
}

export const noLease = (): PeerLease => ({
  waiting: undefined,
  newest: undefined,
  echo: undefined,
  servingUntilMs: -Infinity,
  mark: undefined,
  suspendedMs: undefined,
  readmittedMs: -Infinity,
  backoffMs: 0,
});
