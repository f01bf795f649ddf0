/**
 * Memory is behind the log, and written by whoever leads the shard. A write can be delayed in the
 * network for as long as it likes, outliving its leader; so each carries the leader's term, and
 * memory refuses what is older than what it has seen. The script that runs inside Redis does the
 * same comparison; this is its specification.
 */
export interface FlushWrite {
  /** The term of the leader that sends it. */
  readonly term: number;
  /** The version written, or that of the drop for a deletion. */
  readonly version: number;
}

export interface FlushFence {
  /** The newest term that wrote to this shard. */
  readonly term: number;
  /** The version that memory has for the key, 0 if it has none. */
  readonly version: number;
}

/**
 * The term keeps out former leaders. The version keeps out the delayed twin of a write that the
 * same leader gave up on and repeated: by then a newer one may have landed.
 */
export function acceptsFlush(fence: FlushFence, write: FlushWrite): boolean {
  return write.term >= fence.term && write.version >= fence.version;
}
