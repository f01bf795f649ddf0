import type { Core } from '../core/core.ts';
import type { DurableState, Membership } from '../core/entry.ts';
import type { NodeId } from '../core/ids.ts';
import type { CoreOptions, Limits, LocalReads, Timing } from '../core/options.ts';
import type { LogStore } from '../storage/log-store.ts';
import type { Environment } from './environment.ts';
import type { RaftObserver } from './observer.ts';
import type { RequestTableLimits } from './request-table.ts';
import type { Codec, StateMachine } from './state-machine.ts';

export interface ReplicaOptions<Command, Reply, Event> {
  /** Which of the host's groups this is; for people. */
  readonly groupId: string;
  readonly nodeId: NodeId;
  /** Grows with every life of this node: former lives are known by it and passed over. */
  readonly incarnation: number;
  readonly bootstrap: Membership;
  readonly timing: Timing;
  readonly limits: Limits;
  readonly localReads: LocalReads | undefined;
  readonly store: LogStore;
  /** What `store.load()` gave. */
  readonly durable: DurableState;
  readonly machine: StateMachine<Command, Reply, Event>;
  readonly commands: Codec<Command>;
  readonly replies: Codec<Reply>;
  readonly environment: Environment;
  readonly observer?: RaftObserver;
  readonly replica?: Partial<ReplicaLimits>;
  /** Called once, when this replica can no longer be trusted; the process is expected to end. */
  readonly onFatal: (reason: string, cause?: unknown) => void;
  /** For simulations, which watch the core, or break it on purpose. */
  readonly createCore?: (options: CoreOptions) => Core;
}

export interface ReplicaLimits {
  /** How long applying, or making a piece of a snapshot, may hold the event loop. */
  readonly sliceMs: number;
  /** Proposals of this node whose outcome is open. */
  readonly pendingMax: number;
  readonly pendingBytesMax: number;
  /** Committed and not applied yet; beyond it nothing new is taken. */
  readonly backlogBytesMax: number;
  /** The most that one forward to the leader carries. */
  readonly forwardBytesMax: number;
  /** After so long without an answer a forward is handed over again; sessions make that safe. */
  readonly forwardTimeoutMs: number;
  readonly readTimeoutMs: number;
  /** A leader whose disk is full keeps callers waiting so long for a successor. */
  readonly storageFullGraceMs: number;
  /** The leader gives up a node that was silent for so long. */
  readonly nodeGoneAfterMs: number;
  /** A snapshot is taken when the log has grown by this much, or by the size of the last snapshot. */
  readonly snapshotLogBytesMin: number;
  readonly snapshotRetryMs: number;
  /** A new snapshot is put off so long while the last one is being sent to a peer. */
  readonly snapshotSendingMsMax: number;
  /** So much of a snapshot is written in a tick: at 10 ms, 50 MB a second. */
  readonly snapshotChunkBytes: number;
  /** So much is read at once, to be sent or restored; several may be on their way to a peer. */
  readonly snapshotReadBytes: number;
  /** Must be the same on every node. */
  readonly requests: RequestTableLimits;
}

const mebibyte = 1 << 20;

export const defaultReplicaLimits: ReplicaLimits = {
  sliceMs: 8,
  pendingMax: 32_768,
  pendingBytesMax: 64 * mebibyte,
  backlogBytesMax: 256 * mebibyte,
  forwardBytesMax: mebibyte,
  forwardTimeoutMs: 1_000,
  readTimeoutMs: 500,
  storageFullGraceMs: 1_500,
  nodeGoneAfterMs: 10_000,
  snapshotLogBytesMin: 64 * mebibyte,
  snapshotRetryMs: 10_000,
  snapshotSendingMsMax: 60_000,
  snapshotChunkBytes: 512 * 1024,
  snapshotReadBytes: 128 * 1024,
  requests: { windowMs: 120_000, requestsMax: 1_000_000, bytesMax: 256 * mebibyte },
};
