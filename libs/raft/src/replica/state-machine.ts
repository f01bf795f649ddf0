import type { LogIndex, NodeId } from '../core/ids.ts';

/** Where an entry came in: the process that waits for its reply. */
export interface Origin {
  readonly node: NodeId;
  /** Which life of that process. */
  readonly incarnation: number;
}

export interface AppliedAt {
  readonly index: LogIndex;
  /** The log's time. There is no other inside a state machine. */
  readonly atMs: number;
  readonly origin: Origin;
}

export interface Applied<Reply, Event> {
  readonly reply: Reply;
  readonly events: readonly Event[];
}

/**
 * What the log says beside commands.
 * - `clock`: time has come to `at.atMs`; do what is due, boundedly; what is left is still due.
 * - `node-started`: a node begins a new life; whoever waited through its former life waits no more.
 * - `node-gone`: the leader has not heard from a node for long; as above, until it starts again.
 */
export type Notice =
  | { readonly kind: 'clock' }
  | { readonly kind: 'node-started'; readonly node: NodeId; readonly incarnation: number }
  | { readonly kind: 'node-gone'; readonly node: NodeId };

/**
 * A pure, deterministic machine: the same inputs in the same order give the same state, replies and
 * events on every node. It may be asked for a snapshot, and be applied to while that snapshot is
 * still being read: what the iterator yields is the state at the moment `snapshot()` was called.
 */
export interface StateMachine<Command, Reply, Event> {
  apply(command: Command, at: AppliedAt): Applied<Reply, Event>;
  /**
   * A request that was applied before comes again (same scope, id and fingerprint): it may join its
   * own wait or report what it holds now. Must not do the work again. Without it, the first reply is
   * given again.
   */
  repeat?(command: Command, firstReply: Reply, at: AppliedAt): Applied<Reply, Event>;
  notice(notice: Notice, at: AppliedAt): readonly Event[];
  /** The next moment of cluster time at which a `clock` notice would change something. */
  nextDeadline(): number | undefined;
  /** Pieces of at most about 64 KiB, made as they are asked for. */
  snapshot(): Iterable<Uint8Array>;
  /** Empties the machine; the same pieces, in the same cuts, are then fed to the sink. */
  restore(): SnapshotSink;
}

export interface SnapshotSink {
  write(piece: Uint8Array): void;
  end(): void;
}

export interface Codec<T> {
  encode(value: T): Uint8Array;
  /** The bytes are a view into a batch: whoever keeps a part of them copies it, or keeps the batch. */
  decode(bytes: Uint8Array): T;
}
