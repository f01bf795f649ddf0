import type { SnapshotMeta } from '../core/entry.ts';
import type { LogStore } from '../storage/log-store.ts';
import type { Environment } from './environment.ts';
import type { SnapshotDecoder } from './snapshot-stream.ts';

export interface SnapshotRestorerContext {
  readonly store: LogStore;
  readonly environment: Environment;
  readonly chunkBytes: number;
  readonly restored: (meta: SnapshotMeta, bytes: number, durationMs: number) => void;
  readonly failed: (why: string) => void;
}

interface Run {
  readonly meta: SnapshotMeta;
  readonly decoder: SnapshotDecoder;
  readonly startedMs: number;
  offset: number;
  /** Since when the store has not had it: a newer one may have taken its place in the store. */
  missingSinceMs: number | undefined;
}

/** A snapshot that was overtaken is followed by the order to restore the newer one, within this. */
const missingMsMax = 5_000;

/**
 * Reads the durable snapshot back into the state, a chunk per turn, at the start of a node and when
 * one was received. A newer snapshot that arrives meanwhile takes the place of the one being read.
 */
export class SnapshotRestorer {
  readonly #context: SnapshotRestorerContext;
  #run: Run | undefined;

  constructor(context: SnapshotRestorerContext) {
    this.#context = context;
  }

  get busy(): boolean {
    return this.#run !== undefined;
  }

  start(meta: SnapshotMeta, decoder: SnapshotDecoder): void {
    const startedMs = this.#context.environment.nowMs();
    const run: Run = { meta, decoder, startedMs, offset: 0, missingSinceMs: undefined };
    this.#run = run;
    this.#read(run);
  }

  abort(): void {
    this.#run = undefined;
  }

  tick(nowMs: number): void {
    const run = this.#run;
    if (run?.missingSinceMs === undefined || nowMs - run.missingSinceMs < missingMsMax) return;
    this.#context.failed(`the snapshot at index ${run.meta.index} cannot be read`);
  }

  #read(run: Run): void {
    if (this.#run !== run) return;
    const { store, environment, chunkBytes, failed } = this.#context;
    store.readSnapshot(run.meta.index, run.offset, chunkBytes, ({ bytes, last }) => {
      if (this.#run !== run) return;
      if (bytes === undefined) {
        run.missingSinceMs = environment.nowMs();
        return;
      }
      run.offset += bytes.length;
      run.decoder.write(bytes);
      if (!last) environment.defer(() => this.#read(run));
      else if (run.decoder.ended) this.#finish(run);
      else failed(`the snapshot at index ${run.meta.index} ends too early`);
    });
  }

  #finish(run: Run): void {
    this.#run = undefined;
    const { environment, restored } = this.#context;
    restored(run.meta, run.offset, environment.nowMs() - run.startedMs);
  }
}
