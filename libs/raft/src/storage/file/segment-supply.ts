import type { Failure, FileSystem } from './file-system.ts';
import { isNoRoom } from '../no-room.ts';
import type { Health } from '../health.ts';
import type { Room } from './room.ts';
import { createSegment } from './segment.ts';
import type { OpenSegment } from './segment.ts';

export interface SegmentSupplyOptions {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  /** 0: segments grow as they are written. */
  readonly preallocateBytes: number;
  readonly random: () => number;
  readonly health: Health;
  readonly room: Room;
}

/** Keeps one empty segment ready, made while the log writes to another. */
export class SegmentSupply {
  private readonly options: SegmentSupplyOptions;
  private readonly ready: OpenSegment[];
  private nextNumber: number;
  private preparing: Promise<void> | undefined;

  constructor(options: SegmentSupplyOptions, ready: readonly OpenSegment[], nextNumber: number) {
    this.options = options;
    this.ready = [...ready];
    this.nextNumber = nextNumber;
  }

  /** Throws what the file system says when none can be made. */
  async take(): Promise<OpenSegment> {
    await this.preparing;
    const segment = this.ready.shift() ?? (await this.create());
    return segment;
  }

  prepare(): void {
    const { room, health } = this.options;
    if (this.preparing !== undefined || this.ready.length > 0) return;
    if (room.full || health.broken !== undefined) return;
    this.preparing = this.create()
      .then((segment) => void this.ready.push(segment))
      .catch((failure: unknown) => this.onFailure(failure as Failure))
      .finally(() => (this.preparing = undefined));
  }

  async close(): Promise<void> {
    await this.preparing;
    for (const segment of this.ready) segment.file.close(() => undefined);
  }

  /** One at a time: `take` waits for `preparing`, and only the log's writer takes. */
  private async create(): Promise<OpenSegment> {
    const { fileSystem, directory, random, room } = this.options;
    const segment = await createSegment(fileSystem, {
      directory,
      number: this.nextNumber,
      salt: Math.floor(random() * 2 ** 32),
      preallocateBytes: room.full ? 0 : this.options.preallocateBytes,
    });
    this.nextNumber++;
    return segment;
  }

  private async onFailure(failure: Failure): Promise<void> {
    const { room, health } = this.options;
    if (isNoRoom(failure)) await room.give('no room for the next segment of the log');
    else health.break('preparing a segment of the log', failure);
  }
}
