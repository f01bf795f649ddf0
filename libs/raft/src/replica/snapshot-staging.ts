import type { Effects } from '../core/effects.ts';
import type { SnapshotMeta } from '../core/entry.ts';
import type { LogIndex } from '../core/ids.ts';
import type { LogStore, SnapshotWriter, StorageFailure } from '../storage/log-store.ts';

type Chunk = Effects['storeChunk'][number];

export interface StagedChunk {
  readonly index: LogIndex;
  readonly nextOffset: number;
  readonly complete: boolean;
  readonly failed: boolean;
}

interface Staging {
  readonly meta: SnapshotMeta;
  readonly writer: SnapshotWriter;
  offset: number;
}

/**
 * Puts a leader's snapshot together on disk, chunk by chunk in the order given, and tells the core how
 * far it got. Nothing of it can be seen before the last chunk is durable.
 */
export class SnapshotStaging {
  readonly #store: LogStore;
  readonly #stored: (chunk: StagedChunk) => void;
  readonly #broken: (failure: StorageFailure) => void;
  readonly #queue: Chunk[] = [];
  #staging: Staging | undefined;
  #working = false;

  constructor(
    store: LogStore,
    hooks: { stored(chunk: StagedChunk): void; broken(failure: StorageFailure): void },
  ) {
    this.#store = store;
    this.#stored = (chunk) => hooks.stored(chunk);
    this.#broken = (failure) => hooks.broken(failure);
  }

  get busy(): boolean {
    return this.#staging !== undefined || this.#queue.length > 0;
  }

  add(chunk: Chunk): void {
    this.#queue.push(chunk);
    this.#work();
  }

  abort(): void {
    this.#queue.length = 0;
    this.#staging?.writer.abort();
    this.#staging = undefined;
  }

  #work(): void {
    const chunk = this.#working ? undefined : this.#queue.shift();
    if (chunk === undefined) return;
    if (chunk.offset === 0) {
      this.#staging?.writer.abort();
      const writer = this.#store.createSnapshot(chunk.meta);
      this.#staging = { meta: chunk.meta, writer, offset: 0 };
    }
    const staging = this.#staging;
    if (staging?.meta.index !== chunk.meta.index || staging.offset !== chunk.offset) {
      // Not what comes next here, after an abort for instance: the sender must begin again.
      this.#report(chunk, { nextOffset: 0, complete: false, failed: true });
      this.#work();
      return;
    }
    this.#working = true;
    staging.writer.append(chunk.bytes, (failure) => {
      staging.offset += chunk.bytes.length;
      if (failure !== undefined) this.#fail(chunk, failure);
      else if (chunk.last) staging.writer.finish((failed) => this.#finished(chunk, failed));
      else this.#done(chunk, { nextOffset: staging.offset, complete: false, failed: false });
    });
  }

  #finished(chunk: Chunk, failure: StorageFailure | undefined): void {
    if (failure !== undefined) {
      this.#fail(chunk, failure);
      return;
    }
    const nextOffset = this.#staging?.offset ?? 0;
    this.#staging = undefined;
    this.#done(chunk, { nextOffset, complete: true, failed: false });
  }

  #fail(chunk: Chunk, failure: StorageFailure): void {
    this.#staging?.writer.abort();
    this.#staging = undefined;
    if (failure.kind === 'broken') this.#broken(failure);
    this.#done(chunk, { nextOffset: 0, complete: false, failed: true });
  }

  #done(chunk: Chunk, result: Omit<StagedChunk, 'index'>): void {
    this.#working = false;
    this.#report(chunk, result);
    this.#work();
  }

  #report(chunk: Chunk, result: Omit<StagedChunk, 'index'>): void {
    this.#stored({ index: chunk.meta.index, ...result });
  }
}
