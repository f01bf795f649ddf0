import { isNoRoom } from '../no-room.ts';
import type { StagingPlace } from '../staged-snapshot.ts';
import type { FileSystem, OpenFile } from './file-system.ts';
import { completed } from './promised.ts';
import type { Room } from './room.ts';
import { createAnew } from './segment.ts';

export interface SnapshotStagingOptions {
  readonly fileSystem: FileSystem;
  readonly room: Room;
  /** A temporary name in the directory where it will stay. */
  readonly path: string;
  /** Renames it into place. */
  readonly adopt: () => Promise<void>;
}

/** So that the last sync of a gigabyte is not one long stall for the log that shares the disk. */
const syncEveryBytes = 4 << 20;

export class SnapshotStaging implements StagingPlace {
  readonly name: string;
  private readonly options: SnapshotStagingOptions;
  private file: OpenFile | undefined;
  private unsyncedBytes = 0;

  constructor(options: SnapshotStagingOptions) {
    this.options = options;
    this.name = options.path;
  }

  async open(): Promise<void> {
    this.file = await createAnew(this.options.fileSystem, this.options.path);
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    try {
      await this.writeOnce(bytes, position);
    } catch (failure) {
      const { room, path } = this.options;
      if (!isNoRoom(failure as Error) || !(await room.give(`no room for ${path}`))) throw failure;
      // The room of the reserve is for this: only a snapshot lets the log be compacted.
      await this.writeOnce(bytes, position);
    }
    this.unsyncedBytes += bytes.length;
    if (this.unsyncedBytes >= syncEveryBytes) await this.sync();
  }

  async commit(footer: Buffer, payloadBytes: number): Promise<void> {
    await this.write(footer, payloadBytes);
    await this.sync();
    await this.close();
    await this.options.adopt();
  }

  async discard(): Promise<void> {
    await this.close().catch(() => undefined);
    const { fileSystem, path } = this.options;
    await completed((done) => fileSystem.remove(path, done));
  }

  private writeOnce(bytes: Uint8Array, position: number): Promise<void> {
    return completed((done) => this.file!.write([bytes], position, done));
  }

  private async sync(): Promise<void> {
    await completed((done) => this.file!.sync(done));
    this.unsyncedBytes = 0;
  }

  private async close(): Promise<void> {
    const { file } = this;
    this.file = undefined;
    if (file !== undefined) await completed((done) => file.close(done));
  }
}
