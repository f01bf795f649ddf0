export const roles = { follower: 0, candidate: 1, leader: 2 } as const;
export const phases = { none: 0, request: 1, answer: 2 } as const;

/**
 * Where each field of the lease model lies in the bytes of a state. Ages and remaining times are in
 * ticks and relative to now, so that a state does not know how late it is and time needs no bound.
 */
export class LeaseLayout {
  readonly bytes: number;

  /** How many writes and restarts there have been: these bound the exploration. */
  readonly writes = 0;
  readonly restarts = 1;
  /** The greatest index that any leader declared committed, and settled. */
  readonly committedMax = 2;
  readonly settledMax = 3;
  /** The newest version that any answer has shown to any client. */
  readonly revealed = 4;

  // Per node.
  readonly term: number;
  /** 1 if this node may not vote any more in its term: it has voted, or knows the leader. */
  readonly vote: number;
  readonly role: number;
  /** Who voted for this candidate, one bit a node. */
  readonly votes: number;
  readonly log: number;
  /** Ticks for which this node may still serve hits, by its own clock. */
  readonly lease: number;
  /** The settled index of this node as leader. */
  readonly settled: number;
  /** Ticks since the candidacy, plus 1; kept only while the wait is wrongly counted from it. */
  readonly candidateAge: number;
  /** Ticks for which this node refuses its vote, because it heard a leader; for sticky votes only. */
  readonly heard: number;
  /** To whom this leader sent a transfer's go-ahead, plus 1. */
  readonly transfer: number;
  /** 1 for a candidate that was asked to be one, and is voted for in spite of stickiness. */
  readonly forced: number;

  // Per pair (leader, node), kept by the leader; a leader's own pair holds its own stamp.
  readonly match: number;
  /** Ticks for which the leader counts the node as possibly serving. */
  readonly serving: number;
  /** The stamp waiting to be echoed: ticks since it was made, plus 1; 0 for none. */
  readonly stamp: number;
  /** Ticks since the leader received that stamp. */
  readonly received: number;
  /** 1 if the node restarted after making it. */
  readonly foreign: number;
  /** Which voters have answered a message sent after that stamp was received. */
  readonly confirmed: number;

  // Per pair (leader, node): the one exchange under way between them.
  readonly phase: number;
  readonly slotTerm: number;
  /** Request: the log sent, as a prefix of the leader's. Answer: the length acknowledged. */
  readonly slotLog: number;
  /** For which nodes the leader held a stamp when it sent the request, one bit a node. */
  readonly slotAfter: number;
  /** Request: the age of the stamp echoed, plus 1. Answer: that of the node's stamp, plus 1. */
  readonly slotStamp: number;
  readonly slotForeign: number;
  readonly slotFloor: number;
  /** Ticks since the request was sent; kept only while receipt is wrongly counted from there. */
  readonly slotAge: number;

  readonly #nodes: number;

  constructor(nodes: number) {
    this.#nodes = nodes;
    let next = 5;
    const perNode = () => (next += nodes) - nodes;
    const perPair = () => (next += nodes * nodes) - nodes * nodes;
    this.term = perNode();
    this.vote = perNode();
    this.role = perNode();
    this.votes = perNode();
    this.log = perNode();
    this.lease = perNode();
    this.settled = perNode();
    this.candidateAge = perNode();
    this.heard = perNode();
    this.transfer = perNode();
    this.forced = perNode();
    this.match = perPair();
    this.serving = perPair();
    this.stamp = perPair();
    this.received = perPair();
    this.foreign = perPair();
    this.confirmed = perPair();
    this.phase = perPair();
    this.slotTerm = perPair();
    this.slotLog = perPair();
    this.slotAfter = perPair();
    this.slotStamp = perPair();
    this.slotForeign = perPair();
    this.slotFloor = perPair();
    this.slotAge = perPair();
    this.bytes = next;
  }

  /** The offset of a pair within each of the fields kept per pair. */
  pair(leader: number, node: number): number {
    return leader * this.#nodes + node;
  }
}
