import type { SnapshotMeta } from '../core/entry.ts';
import type { LogStore, SnapshotWriter, StorageFailure } from '../storage/log-store.ts';
import type { Environment } from './environment.ts';
import type { SnapshotEncoder } from './snapshot-stream.ts';

export interface SnapshotTakerContext {
  readonly store: LogStore;
  readonly environment: Environment;
  readonly sliceMs: number;
  readonly chunkBytes: number;
  readonly taken: (meta: SnapshotMeta, bytes: number, durationMs: number) => void;
  readonly failed: (failure: StorageFailure) => void;
}

interface Run {
  readonly meta: SnapshotMeta;
  readonly encoder: SnapshotEncoder;
  readonly writer: SnapshotWriter;
  readonly startedMs: number;
}

/**
 * Writes a snapshot while everything else goes on: a chunk is made (within a slice), handed to the
 * store, and the next is made when the store has taken it. So a slow disk slows the snapshot down and
 * nothing else, and memory holds one chunk.
 */
export class SnapshotTaker {
  readonly #context: SnapshotTakerContext;
  #run: Run | undefined;

  constructor(context: SnapshotTakerContext) {
    this.#context = context;
  }

  get busy(): boolean {
    return this.#run !== undefined;
  }

  start(meta: SnapshotMeta, encoder: SnapshotEncoder): void {
    const { store, environment } = this.#context;
    const writer = store.createSnapshot(meta);
    const run = { meta, encoder, writer, startedMs: environment.nowMs() };
    this.#run = run;
    environment.defer(() => this.#writeChunk(run));
  }

  abort(): void {
    const run = this.#run;
    this.#run = undefined;
    run?.encoder.cancel();
    run?.writer.abort();
  }

  #writeChunk(run: Run): void {
    if (this.#run !== run) return;
    const { environment, sliceMs, chunkBytes } = this.#context;
    const untilMs = environment.nowMs() + sliceMs;
    const chunk = run.encoder.take(chunkBytes, () => environment.nowMs() >= untilMs);
    if (chunk === undefined) {
      run.writer.finish((failure) => this.#finished(run, failure));
      return;
    }
    run.writer.append(chunk, (failure) => {
      if (this.#run !== run) return;
      if (failure === undefined) environment.defer(() => this.#writeChunk(run));
      else this.#fail(failure);
    });
  }

  #finished(run: Run, failure: StorageFailure | undefined): void {
    if (this.#run !== run) return;
    if (failure !== undefined) {
      this.#fail(failure);
      return;
    }
    this.#run = undefined;
    const { environment, taken } = this.#context;
    taken(run.meta, run.encoder.bytes, environment.nowMs() - run.startedMs);
  }

  #fail(failure: StorageFailure): void {
    this.abort();
    this.#context.failed(failure);
  }
}
