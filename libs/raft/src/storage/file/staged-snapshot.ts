import type { SnapshotMeta } from '../../core/entry.ts';
import { invariant } from '../../core/invariant.ts';
import type { Done, SnapshotWriter, StorageFailure } from '../log-store.ts';
import { isNoRoom } from './file-system.ts';
import type { Failure, FileSystem, OpenFile } from './file-system.ts';
import type { Health } from './health.ts';
import { completed } from './promised.ts';
import type { Room } from './room.ts';
import { createAnew } from './segment.ts';
import { BlockChecksums } from '../snapshot-footer.ts';

export interface StagingOptions {
  readonly fileSystem: FileSystem;
  readonly path: string;
  readonly health: Health;
  readonly room: Room;
}

/** So that the last sync of a gigabyte is not one long stall for the log that shares the disk. */
const syncEveryBytes = 4 << 20;

/** A snapshot on its way to the disk, under a temporary name. */
export class StagedSnapshot implements SnapshotWriter {
  onEnd: () => void = () => undefined;
  readonly ended: Promise<void>;
  private readonly options: StagingOptions;
  private readonly meta: SnapshotMeta;
  private readonly adopt: () => Promise<void>;
  private readonly checksums = new BlockChecksums();
  private file: OpenFile | undefined;
  private unsyncedBytes = 0;
  private position = 0;
  private failure: StorageFailure | undefined;
  private open = true;
  private turn: Promise<void>;
  private end: () => void = () => undefined;

  constructor(options: StagingOptions, meta: SnapshotMeta, adopt: () => Promise<void>) {
    this.options = options;
    this.meta = meta;
    this.adopt = adopt;
    this.ended = new Promise((resolve) => (this.end = resolve));
    this.turn = this.attempt(async () => {
      this.file = await createAnew(options.fileSystem, options.path);
    });
  }

  append(bytes: Uint8Array, done: Done): void {
    invariant(this.open, 'a snapshot is appended to before it is finished or aborted');
    this.takeTurn(() => this.write(bytes), done);
  }

  finish(done: Done): void {
    invariant(this.open, 'a snapshot is finished or aborted once');
    this.open = false;
    this.takeTurn(
      async () => {
        await this.write(this.checksums.footer(this.meta));
        await this.sync();
        await this.closeFile();
        await this.adopt();
      },
      (failure) => {
        this.settle();
        done(failure);
      },
    );
  }

  abort(): void {
    if (!this.open) return;
    this.open = false;
    void this.turn.then(() => this.discard()).then(() => this.settle());
  }

  /** One step after another; after a failure nothing more is done, only said. */
  private takeTurn(step: () => Promise<void>, done: Done): void {
    this.turn = this.turn
      .then(() => this.attempt(step))
      .then(() => {
        // Out of the promise: what `done` throws is not ours to catch.
        const { failure } = this;
        queueMicrotask(() => done(failure));
      });
  }

  private async attempt(step: () => Promise<void>): Promise<void> {
    const { health, path } = this.options;
    this.failure ??= health.broken;
    if (this.failure !== undefined) return;
    try {
      await step();
    } catch (failure) {
      if (isNoRoom(failure as Failure)) this.failure = { kind: 'full', detail: `no room: ${path}` };
      else this.failure = health.break(`writing ${path}`, failure as Failure);
      await this.discard();
    }
  }

  private async write(bytes: Uint8Array): Promise<void> {
    try {
      await this.writeOnce(bytes);
    } catch (failure) {
      const { room, path } = this.options;
      if (!isNoRoom(failure as Failure) || !(await room.give(`no room for ${path}`))) throw failure;
      // The room of the reserve is for this: only a snapshot lets the log be compacted.
      await this.writeOnce(bytes);
    }
    this.checksums.add(bytes);
    this.position += bytes.length;
    this.unsyncedBytes += bytes.length;
    if (this.unsyncedBytes >= syncEveryBytes) await this.sync();
  }

  private writeOnce(bytes: Uint8Array): Promise<void> {
    return completed((done) => this.file!.write([bytes], this.position, done));
  }

  private async sync(): Promise<void> {
    await completed((done) => this.file!.sync(done));
    this.unsyncedBytes = 0;
  }

  private async closeFile(): Promise<void> {
    const { file } = this;
    this.file = undefined;
    if (file !== undefined) await completed((done) => file.close(done));
  }

  /** What is left of it after an error goes with the next start, if it cannot go now. */
  private async discard(): Promise<void> {
    await this.closeFile().catch(() => undefined);
    const { fileSystem, path } = this.options;
    await completed((done) => fileSystem.remove(path, done)).catch(() => undefined);
  }

  private settle(): void {
    this.onEnd();
    this.end();
  }
}
