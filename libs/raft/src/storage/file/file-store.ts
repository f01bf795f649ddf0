import type { DurableWrite } from '../../core/effects.ts';
import type { DurableState, SnapshotMeta } from '../../core/entry.ts';
import type { LogIndex } from '../../core/ids.ts';
import { invariant } from '../../core/invariant.ts';
import type { Done, LogStore, ReadDone, SnapshotWriter } from '../log-store.ts';
import { preludeOf, refuseLostBeginning } from '../recovered-log.ts';
import { lockDirectory } from './directory-lock.ts';
import type { DirectoryLock } from './directory-lock.ts';
import type { FileSystem } from './file-system.ts';
import { FrameWriter } from './frame-writer.ts';
import { closedStore, Health } from '../health.ts';
import { LiveRanges } from '../live-ranges.ts';
import { nodeFileSystem } from './node-file-system.ts';
import { completed } from './promised.ts';
import { recoverSegments } from './recovery.ts';
import type { OnStorageReport } from '../reports.ts';
import { Room } from './room.ts';
import { openSegment } from './segment.ts';
import type { OpenSegment, Segment } from './segment.ts';
import { SegmentSupply } from './segment-supply.ts';
import { Snapshots } from './snapshots.ts';
import type { SyncReport } from '../sync-report.ts';

export interface FileStoreOptions {
  /** Of this group on this node alone; made when it is not there. */
  readonly directory: string;
  readonly segmentBytes?: number;
  /** Fill segments with zeros beforehand, which makes each sync cheaper. On by default. */
  readonly preallocate?: boolean;
  /** Kept for votes and compaction on a full disk. */
  readonly reserveBytes?: number;
  readonly roomCheckIntervalMs?: number;
  readonly onReport?: OnStorageReport;
  readonly onSync?: (sync: SyncReport) => void;
  readonly fileSystem?: FileSystem;
  readonly lock?: (directory: string, report: OnStorageReport) => Promise<DirectoryLock>;
  readonly random?: () => number;
  readonly nowMs?: () => number;
  readonly setTimer?: (run: () => void, delayMs: number) => () => void;
}

type Settings = Required<FileStoreOptions>;

const defaults: Omit<Settings, 'directory'> = {
  segmentBytes: 16 << 20,
  preallocate: true,
  reserveBytes: 64 << 20,
  roomCheckIntervalMs: 1_000,
  onReport: () => undefined,
  onSync: () => undefined,
  fileSystem: nodeFileSystem,
  lock: lockDirectory,
  random: Math.random,
  nowMs: () => performance.now(),
  setTimer: (run, delayMs) => {
    const timer = setTimeout(run, delayMs).unref();
    return () => clearTimeout(timer);
  },
};

/** Takes the directory for this process; `load` then says what is in it, or refuses to. */
export async function openFileStore(options: FileStoreOptions): Promise<LogStore> {
  const settings: Settings = { ...defaults, ...options };
  const { fileSystem, directory } = settings;
  await completed((done) => fileSystem.makeDirectory(directory, done));
  const lock = await settings.lock(directory, settings.onReport);
  return new FileStore(settings, lock);
}

/** A write-ahead log in segments, with its snapshots beside it. DESIGN.md tells the whole story. */
class FileStore implements LogStore {
  private readonly settings: Settings;
  private readonly lock: DirectoryLock;
  private readonly health: Health;
  private readonly room: Room;
  private readonly snapshots: Snapshots;
  private readonly ranges = new LiveRanges<Segment>();
  private supply: SegmentSupply | undefined;
  private writer: FrameWriter | undefined;
  private compactTo = 0;
  private dropping: Promise<void> | undefined;
  private closing: Promise<void> | undefined;

  constructor(settings: Settings, lock: DirectoryLock) {
    const { fileSystem, directory, segmentBytes, onReport: report } = settings;
    this.settings = settings;
    this.lock = lock;
    this.health = new Health(report);
    this.room = new Room({
      fileSystem,
      directory,
      report,
      reserveBytes: settings.reserveBytes,
      marginBytes: 2 * segmentBytes,
      checkIntervalMs: settings.roomCheckIntervalMs,
      setTimer: settings.setTimer,
    });
    const { health, room } = this;
    this.snapshots = new Snapshots({ fileSystem, directory, health, room, report });
    lock.onLost = (detail) => this.health.break('the lock of the directory', new Error(detail));
  }

  get full(): boolean {
    return this.room.full;
  }

  async load(): Promise<DurableState> {
    try {
      return await this.recover();
    } catch (failure) {
      await this.close();
      throw failure;
    }
  }

  private async recover(): Promise<DurableState> {
    const { fileSystem, directory, onReport } = this.settings;
    await this.snapshots.load();
    const log = await recoverSegments(fileSystem, directory, onReport);
    const { image, segments } = log;
    const { meta } = this.snapshots;
    refuseLostBeginning(directory, image, meta, log.floor);
    if (meta !== undefined) image.adopt(meta);
    const durable = image.durableState();
    await this.room.open();

    const files = await this.openTail(segments);
    this.ranges.adopt(segments.slice(0, segments.length - Math.max(0, files.length - 1)));
    this.compactTo = log.floor;
    this.supply = this.createSupply(files.slice(1), (segments.at(-1)?.number ?? 0) + 1);
    this.writer = new FrameWriter(
      {
        segmentBytes: this.settings.segmentBytes,
        health: this.health,
        room: this.room,
        supply: this.supply,
        ranges: this.ranges,
        nowMs: this.settings.nowMs,
        onSync: this.settings.onSync,
      },
      {
        active: files[0],
        sequence: log.nextSequence,
        hardState: durable.hardState,
        floor: log.floor,
        prelude: preludeOf(image, durable),
      },
    );
    return durable;
  }

  write(write: DurableWrite, done: Done): void {
    invariant(this.writer !== undefined, 'a store is written to after it is loaded');
    if (this.closing === undefined) this.writer.write(write, done);
    else queueMicrotask(() => done(closedStore));
  }

  compact(index: LogIndex): void {
    invariant(this.writer !== undefined, 'a store is compacted after it is loaded');
    if (this.closing !== undefined) return;
    const upTo = Math.min(index, this.snapshots.meta?.index ?? 0);
    if (upTo <= this.compactTo && this.dropping !== undefined) return;
    this.compactTo = Math.max(this.compactTo, upTo);
    this.writer.floor = this.compactTo;
    this.dropping ??= this.dropSegments().finally(() => (this.dropping = undefined));
  }

  createSnapshot(meta: SnapshotMeta): SnapshotWriter {
    return this.snapshots.create(meta);
  }

  readSnapshot(index: LogIndex, offset: number, bytesMax: number, done: ReadDone): void {
    this.snapshots.read(index, offset, bytesMax, done);
  }

  close(): Promise<void> {
    this.closing ??= this.closeOnce();
    return this.closing;
  }

  private async closeOnce(): Promise<void> {
    await this.writer?.close();
    await this.room.close();
    await this.dropping;
    await this.snapshots.close();
    await this.supply?.close();
    await this.lock.release();
  }

  private createSupply(ready: readonly OpenSegment[], nextNumber: number): SegmentSupply {
    const { fileSystem, directory, random, preallocate, segmentBytes } = this.settings;
    const { health, room } = this;
    const preallocateBytes = preallocate ? segmentBytes : 0;
    const options = { fileSystem, directory, random, preallocateBytes, health, room };
    const supply = new SegmentSupply(options, ready, nextNumber);
    room.onRoom = () => supply.prepare();
    supply.prepare();
    return supply;
  }

  /**
   * The last segment that has frames, to be written on, and the empty ones after it. What the last
   * life wrote may still be in the page cache only, and from now on it counts as durable: synced.
   */
  private async openTail(segments: readonly Segment[]): Promise<OpenSegment[]> {
    const { fileSystem } = this.settings;
    const last = segments.findLastIndex((segment) => segment.frames > 0);
    const tail: OpenSegment[] = [];
    for (const segment of segments.slice(Math.max(0, last))) {
      const file = await openSegment(fileSystem, segment.path);
      await completed((done) => file.sync(done));
      tail.push(Object.assign(segment, { file }));
    }
    return tail;
  }

  /** Oldest first and each durably, so that a crash leaves no hole in the middle of the log. */
  private async dropSegments(): Promise<void> {
    const { fileSystem, directory, onReport } = this.settings;
    for (;;) {
      const oldest = this.ranges.droppable(this.compactTo);
      if (oldest === undefined) return;
      try {
        await completed((done) => fileSystem.remove(oldest.path, done));
        await completed((done) => fileSystem.syncDirectory(directory, done));
      } catch (failure) {
        const detail = `dropping ${oldest.path}: ${(failure as Error).message}`;
        onReport({ kind: 'postponed', detail });
        return;
      }
      this.ranges.stretches.shift();
    }
  }
}
