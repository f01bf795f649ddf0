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
  writing: boolean;
}

/**
 * Writes a snapshot while everything else goes on: at a tick, a chunk is made (within a slice) and handed
 * to the store; the next waits for the store to take it and for another tick. So a slow disk slows the
 * snapshot down and nothing else, memory holds one chunk, and a large snapshot neither keeps the
 * event loop nor the disk from the log: it is never urgent.
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
    this.#run = { meta, encoder, writer, startedMs: environment.nowMs(), writing: false };
  }

  tick(): void {
    const run = this.#run;
    if (run?.writing === false) this.#writeChunk(run);
  }

  abort(): void {
    const run = this.#run;
    this.#run = undefined;
    run?.encoder.cancel();
    run?.writer.abort();
  }

  #writeChunk(run: Run): void {
    run.writing = true;
    const { environment, sliceMs, chunkBytes } = this.#context;
    const untilMs = environment.nowMs() + sliceMs;
    const chunk = run.encoder.take(chunkBytes, () => environment.nowMs() >= untilMs);
    if (chunk === undefined) {
      run.writer.finish((failure) => this.#finished(run, failure));
      return;
    }
    run.writer.append(chunk, (failure) => {
      if (this.#run !== run) return;
      if (failure === undefined) run.writing = false;
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
