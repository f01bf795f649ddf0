/** Each guard is one rule of the protocol; a model without it must find the violation it prevents. */
export interface LeaseGuards {
  /** A write is answered once its index is settled, not once it is committed. */
  readonly writeWaitsUntilSettled: boolean;
  /** A hit is answered only if the version it shows is settled. */
  readonly hitWaitsUntilSettled: boolean;
  /** A hit is judged by a clock read made for it: an expired lease serves nothing. */
  readonly leaseExpires: boolean;
  /** The follower counts its lease from its own stamp, not from the arrival of the echo. */
  readonly leaseStartsAtStamp: boolean;
  /** The leader echoes a stamp only after a majority answered a round. */
  readonly echoWaitsForMajority: boolean;
  /** That round was sent after the stamp was received; earlier answers do not count. */
  readonly roundIsLaterThanStamp: boolean;
  /** Only voters make up that majority. */
  readonly roundCountsVotersOnly: boolean;
  /** The leader counts a node from the receipt of its stamp, not from when it asked for it. */
  readonly countStartsAtReceipt: boolean;
  /** Settling waits for learners that may serve, not only for voters. */
  readonly settlingCountsLearners: boolean;
  /** A new leader counts every node as serving for one full L … */
  readonly newLeaderWaits: boolean;
  /** … from the moment of its election, not of its candidacy. */
  readonly waitStartsAtElection: boolean;
  /** An echo counts only if the log matches this leader's up to the leader's no-op … */
  readonly floorCoversNoop: boolean;
  /** … and up to what the leader has declared settled. */
  readonly floorCoversSettled: boolean;
  /** A restarted node ignores the echo of a stamp made before the restart. */
  readonly incarnationChecked: boolean;
  /** A leader that sent a transfer's go-ahead serves no leased read for the rest of its term. */
  readonly transferEndsLease: boolean;
}

export const allLeaseGuards: LeaseGuards = {
  writeWaitsUntilSettled: true,
  hitWaitsUntilSettled: true,
  leaseExpires: true,
  leaseStartsAtStamp: true,
  echoWaitsForMajority: true,
  roundIsLaterThanStamp: true,
  roundCountsVotersOnly: true,
  countStartsAtReceipt: true,
  settlingCountsLearners: true,
  newLeaderWaits: true,
  waitStartsAtElection: true,
  floorCoversNoop: true,
  floorCoversSettled: true,
  incarnationChecked: true,
  transferEndsLease: true,
};

export interface LeaseBounds {
  readonly voters: number;
  readonly learners: number;
  /** L, in ticks. A lease is good while its stamp is younger than that. */
  readonly leaseTicks: number;
  readonly termsMax: number;
  readonly writesMax: number;
  readonly restartsMax: number;
  /**
   * Vote only where no leader was heard for L, unless its transfer asks for it: what other systems
   * rest their leases on. Quorate does not need it for safety; it is here to show what it is worth.
   */
  readonly stickyVotes: boolean;
  /**
   * Which nodes take part in leases, one bit a node. A node's lease only ever delays settling, so
   * whatever can go wrong on one node can go wrong while no other has a lease: to explore every
   * single node is to explore them all, at a fraction of the states.
   */
  readonly holders: number;
  /** Which nodes may stand for election, one bit each. */
  readonly candidates: number;
  /** How many exchanges may be under way at once. */
  readonly exchangesMax: number;
  /** Whether followers get leases at all, or only the leader. */
  readonly followerLeases: boolean;
}

export const defaultLeaseBounds: LeaseBounds = {
  voters: 3,
  learners: 0,
  leaseTicks: 2,
  termsMax: 2,
  writesMax: 1,
  restartsMax: 0,
  stickyVotes: false,
  holders: 0b111,
  candidates: 0b11111,
  exchangesMax: 20,
  followerLeases: true,
};
