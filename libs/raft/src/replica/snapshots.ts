import type { Core } from '../core/core.ts';
import type { Effects } from '../core/effects.ts';
import type { SnapshotMeta } from '../core/entry.ts';
import { indexZero, type LogIndex } from '../core/ids.ts';
import type { LogStore, StorageFailure } from '../storage/log-store.ts';
import type { ApplyQueue } from './apply-queue.ts';
import type { Environment } from './environment.ts';
import type { RaftObserver } from './observer.ts';
import type { ReplicaLimits } from './options.ts';
import type { ReplicatedState } from './replicated-state.ts';
import { SnapshotRestorer } from './snapshot-restorer.ts';
import { SnapshotStaging } from './snapshot-staging.ts';
import { SnapshotDecoder, SnapshotEncoder } from './snapshot-stream.ts';
import { SnapshotTaker } from './snapshot-taker.ts';
import type { StateMachine } from './state-machine.ts';

export interface SnapshotsContext {
  readonly core: Core;
  readonly store: LogStore;
  readonly environment: Environment;
  readonly limits: ReplicaLimits;
  readonly observer: RaftObserver | undefined;
  readonly queue: ApplyQueue;
  /** Only the snapshot's side of both is used here. */
  readonly machine: Pick<StateMachine<never, never, never>, 'snapshot' | 'restore'>;
  readonly state: Pick<ReplicatedState<never, never, never>, 'ownParts'>;
  readonly restored: (meta: SnapshotMeta) => void;
  /** Something was stepped into the core. */
  readonly stepped: () => void;
  readonly fatal: (reason: string) => void;
}

/**
 * The three ways of a snapshot: taken here, put together from a leader's chunks, read back into the
 * state. Only one is under way at a time: what a leader sends is newer than anything taken here, and
 * what is being restored cannot be written.
 */
export class Snapshots {
  readonly #context: SnapshotsContext;
  readonly #taker: SnapshotTaker;
  readonly #staging: SnapshotStaging;
  readonly #restorer: SnapshotRestorer;
  #index: LogIndex = indexZero;
  /** Of the last snapshot: a large state is not written for every little growth of its log. */
  #bytes = 0;
  #takenAtBytes = 0;
  #notBeforeMs = -Infinity;
  #restoring: SnapshotMeta | undefined;
  #sendingSinceMs: number | undefined;

  constructor(context: SnapshotsContext) {
    this.#context = context;
    const { store, environment, limits, fatal } = context;
    const brokenStore = ({ detail }: StorageFailure) => fatal(`the store is broken: ${detail}`);
    this.#taker = new SnapshotTaker({
      store,
      environment,
      sliceMs: limits.sliceMs,
      chunkBytes: limits.snapshotChunkBytes,
      taken: (meta, bytes, durationMs) => this.#taken(meta, bytes, durationMs),
      failed: (failure) => {
        this.#notBeforeMs = environment.nowMs() + limits.snapshotRetryMs;
        if (failure.kind === 'broken') brokenStore(failure);
      },
    });
    this.#staging = new SnapshotStaging(store, {
      stored: (chunk) => {
        context.core.step({ kind: 'chunk-stored', nowMs: environment.nowMs(), ...chunk });
        context.stepped();
      },
      broken: brokenStore,
    });
    this.#restorer = new SnapshotRestorer({
      store,
      environment,
      chunkBytes: limits.snapshotReadBytes,
      restored: (meta, bytes, durationMs) => this.#restored(meta, bytes, durationMs),
      failed: fatal,
    });
  }

  /** The newest durable snapshot. */
  get index(): LogIndex {
    return this.#index;
  }

  get restoring(): boolean {
    return this.#restoring !== undefined;
  }

  tick(nowMs: number): void {
    this.#restorer.tick(nowMs);
    this.#taker.tick();
    const { queue, limits } = this.#context;
    const grownBytes = queue.bytesApplied - this.#takenAtBytes;
    if (grownBytes < Math.max(limits.snapshotLogBytesMin, this.#bytes)) return;
    if (nowMs < this.#notBeforeMs || this.#isSending(nowMs)) return;
    this.take();
  }

  /** False: not now (nothing new, or another snapshot is under way). */
  take(): boolean {
    const { core, queue, machine, state } = this.#context;
    const busy = this.#taker.busy || this.#staging.busy || this.#restorer.busy;
    if (busy || queue.index <= this.#index) return false;
    // A snapshot of the leader's has just taken the place of the log, and waits to be restored.
    if (core.entryAt(queue.index) === undefined) return false;
    const meta = core.snapshotMetaAt(queue.index);
    this.#takenAtBytes = queue.bytesApplied;
    const encoder = new SnapshotEncoder({
      replica: state.ownParts().snapshot(),
      machine: machine.snapshot()[Symbol.iterator](),
    });
    this.#taker.start(meta, encoder);
    return true;
  }

  restore(meta: SnapshotMeta): void {
    if (this.#restoring?.index === meta.index || meta.index <= this.#context.queue.index) return;
    this.#taker.abort();
    this.#restoring = meta;
    const { machine, state } = this.#context;
    const replica = state.ownParts().restore();
    this.#restorer.start(meta, new SnapshotDecoder({ replica, machine: machine.restore() }));
  }

  readChunk({ to, index, offset }: Effects['readChunk'][number]): void {
    const { core, store, environment, limits, stepped } = this.#context;
    store.readSnapshot(index, offset, limits.snapshotReadBytes, ({ bytes, last }) => {
      const nowMs = environment.nowMs();
      core.step({ kind: 'chunk-read', nowMs, to, index, offset, bytes, last });
      stepped();
    });
  }

  storeChunk(chunk: Effects['storeChunk'][number]): void {
    this.#taker.abort();
    this.#staging.add(chunk);
  }

  abort(): void {
    this.#taker.abort();
    this.#staging.abort();
    this.#restorer.abort();
  }

  /**
   * A snapshot on its way to a peer is gone as soon as a newer one is durable, and the peer begins
   * anew. If state grows faster than it can be sent, waiting for ever would fill the disk instead.
   */
  #isSending(nowMs: number): boolean {
    const { core, limits } = this.#context;
    if (!core.progress(nowMs).some(({ state }) => state === 'snapshot')) {
      this.#sendingSinceMs = undefined;
      return false;
    }
    this.#sendingSinceMs ??= nowMs;
    return nowMs - this.#sendingSinceMs < limits.snapshotSendingMsMax;
  }

  #taken(meta: SnapshotMeta, bytes: number, durationMs: number): void {
    const { core, environment, observer, stepped } = this.#context;
    this.#index = meta.index;
    this.#bytes = bytes;
    observer?.snapshotTaken?.({ bytes, durationMs });
    core.step({ kind: 'snapshot-taken', nowMs: environment.nowMs(), meta });
    stepped();
  }

  #restored(meta: SnapshotMeta, bytes: number, durationMs: number): void {
    const { observer, queue, restored } = this.#context;
    this.#restoring = undefined;
    this.#index = meta.index;
    this.#bytes = bytes;
    this.#takenAtBytes = queue.bytesApplied;
    queue.jump(meta);
    observer?.snapshotRestored?.({ bytes, durationMs });
    restored(meta);
  }
}
