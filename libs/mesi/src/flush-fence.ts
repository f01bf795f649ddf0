/**
 * Memory is behind the log, and written by whoever leads the shard. A write can be delayed in the
 * network for as long as it likes, outliving its leader; so each carries a fencing token, and
 * memory refuses what is older than what it has seen. The script that runs inside Redis does the
 * same comparison; this is its specification.
 */
export interface FlushToken {
  /** The term of the leader that sends it. */
  readonly term: number;
  /**
   * Raised by a leader that gave up on a write without knowing its outcome, before it sends another
   * of the same keys: in what it gave up on it is its own predecessor.
   */
  readonly attempt: number;
}

export interface FlushWrite extends FlushToken {
  /** The version written, or that of the drop for a deletion. */
  readonly version: number;
}

/** The newest token that wrote to this shard, and the version memory has for the key (0 for none). */
export type FlushFence = FlushWrite;

/**
 * The token keeps out former leaders and given-up attempts. The version is a second line behind it:
 * memory that has a version never goes back to an older one. It is no line at all after a deletion,
 * because memory then has no version to compare.
 */
export function acceptsFlush(fence: FlushFence, write: FlushWrite): boolean {
  if (write.term !== fence.term) {
    return write.term > fence.term && write.version >= fence.version;
  }
  return write.attempt >= fence.attempt && write.version >= fence.version;
}
