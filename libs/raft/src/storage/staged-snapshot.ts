import type { SnapshotMeta } from '../core/entry.ts';
import { invariant } from '../core/invariant.ts';
import type { Health } from './health.ts';
import type { Done, SnapshotWriter, StorageFailure } from './log-store.ts';
import { isNoRoom } from './no-room.ts';
import { BlockChecksums } from './snapshot-footer.ts';

/** Where a snapshot is put together, out of sight, until it is whole. */
export interface StagingPlace {
  readonly name: string;
  open(): Promise<void>;
  /** Durable when it resolves, or with the commit. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Makes it durable as a whole, and the newest unless a newer one is there by now. */
  commit(footer: Buffer, payloadBytes: number): Promise<void>;
  /** What is left of it after a failure goes with the next load, if it cannot go now. */
  discard(): Promise<void>;
}

/** A snapshot on its way into a store: one step after another, until it is finished or given up. */
export class StagedSnapshot implements SnapshotWriter {
  readonly ended: Promise<void>;
  private readonly place: StagingPlace;
  private readonly health: Health;
  private readonly meta: SnapshotMeta;
  private readonly checksums = new BlockChecksums();
  private failure: StorageFailure | undefined;
  private open = true;
  private turn: Promise<void>;
  private end: () => void = () => undefined;

  constructor(place: StagingPlace, meta: SnapshotMeta, health: Health) {
    this.place = place;
    this.meta = meta;
    this.health = health;
    this.ended = new Promise((resolve) => (this.end = resolve));
    this.turn = this.attempt(() => place.open());
  }

  append(bytes: Uint8Array, done: Done): void {
    invariant(this.open, 'a snapshot is appended to before it is finished or aborted');
    this.takeTurn(async () => {
      await this.place.write(bytes, this.checksums.payloadBytes);
      this.checksums.add(bytes);
    }, done);
  }

  finish(done: Done): void {
    invariant(this.open, 'a snapshot is finished or aborted once');
    this.open = false;
    const commit = (): Promise<void> =>
      this.place.commit(this.checksums.footer(this.meta), this.checksums.payloadBytes);
    this.takeTurn(commit, (failure) => {
      this.end();
      done(failure);
    });
  }

  abort(): void {
    if (!this.open) return;
    this.open = false;
    void this.turn.then(() => this.discard()).then(() => this.end());
  }

  private takeTurn(step: () => Promise<void>, done: Done): void {
    this.turn = this.turn
      .then(() => this.attempt(step))
      .then(() => {
        // Out of the promise: what `done` throws is not ours to catch.
        const { failure } = this;
        queueMicrotask(() => done(failure));
      });
  }

  /** After a failure nothing more is done, only said. */
  private async attempt(step: () => Promise<void>): Promise<void> {
    const { health, place } = this;
    this.failure ??= health.broken;
    if (this.failure !== undefined) return;
    try {
      await step();
    } catch (failure) {
      const { message } = failure as Error;
      if (isNoRoom(failure as Error)) {
        this.failure = { kind: 'full', detail: `${place.name}: ${message}` };
      } else this.failure = health.break(`writing ${place.name}`, failure as Error);
      await this.discard();
    }
  }

  private async discard(): Promise<void> {
    await this.place.discard().catch(() => undefined);
  }
}
