import type { DurableWrite } from '../../core/effects.ts';
import type { HardState } from '../../core/entry.ts';
import { mergeHardState } from '../log-image.ts';
import type { Done, StorageFailure } from '../log-store.ts';
import type { SyncReport } from '../sync-report.ts';
import { isVoteOnly, WriteGate } from '../write-gate.ts';
import { isNoRoom } from '../no-room.ts';
import type { Failure } from './file-system.ts';
import { frameHeaderBytes, sealFrame } from './frame.ts';
import type { Health } from '../health.ts';
import type { LiveRanges } from '../live-ranges.ts';
import { emptyRecord, encodeRecord } from '../log-record.ts';
import type { LogRecord } from '../log-record.ts';
import type { Room } from './room.ts';
import type { SegmentSupply } from './segment-supply.ts';
import type { OpenSegment, Segment } from './segment.ts';

export interface FrameWriterOptions {
  readonly segmentBytes: number;
  readonly health: Health;
  readonly room: Room;
  readonly supply: SegmentSupply;
  readonly ranges: LiveRanges<Segment>;
  readonly nowMs: () => number;
  readonly onSync: (sync: SyncReport) => void;
}

interface WaitingWrite {
  readonly write: DurableWrite;
  readonly done: Done;
  failure: StorageFailure | undefined;
}

/** What one frame gathers at most: well below the number of buffers one system call takes. */
const frameWritesMax = 256;
const frameBytesMax = 8 << 20;

/**
 * Group commit. One frame is under way at a time; whatever is asked for meanwhile waits and becomes
 * the next frame, written and synced as one. So a busy log makes its batches as large as its disk is
 * slow, and no write ever stands behind one that is not durable.
 */
export class FrameWriter {
  /** As of the last durable frame; every segment begins with it. */
  hardState: HardState;
  /** A snapshot at least this new exists; every segment begins with it. */
  floor: number;
  /** To be written in front of the next frame: what the load decided and the disk does not say yet. */
  private prelude: LogRecord | undefined;
  private readonly options: FrameWriterOptions;
  private readonly gate = new WriteGate();
  private active: OpenSegment | undefined;
  private sequence: number;
  private waiting: WaitingWrite[] = [];
  private busy = false;
  private whenIdle: (() => void)[] = [];

  constructor(
    options: FrameWriterOptions,
    start: {
      readonly active: OpenSegment | undefined;
      readonly sequence: number;
      readonly hardState: HardState;
      readonly floor: number;
      readonly prelude: LogRecord | undefined;
    },
  ) {
    this.options = options;
    this.active = start.active;
    this.sequence = start.sequence;
    this.hardState = start.hardState;
    this.floor = start.floor;
    this.prelude = start.prelude;
  }

  write(write: DurableWrite, done: Done): void {
    this.waiting.push({ write, done, failure: undefined });
    if (!this.busy) this.start();
  }

  async close(): Promise<void> {
    if (this.busy) await new Promise<void>((resolve) => this.whenIdle.push(resolve));
    this.active?.file.close(() => undefined);
  }

  private start(): void {
    this.busy = true;
    this.attempt(this.takeBatch());
  }

  private takeBatch(): WaitingWrite[] {
    let bytes = 0;
    let count = 0;
    while (count < this.waiting.length && count < frameWritesMax && bytes < frameBytesMax) {
      for (const entry of this.waiting[count++]!.write.entries) bytes += entry.payload.length;
    }
    if (count === this.waiting.length) {
      const all = this.waiting;
      this.waiting = [];
      return all;
    }
    return this.waiting.splice(0, count);
  }

  /** May be called again for the same batch, once those that found no room are marked. */
  private attempt(batch: readonly WaitingWrite[]): void {
    const { health, room } = this.options;
    const payload: Uint8Array[] = [];
    for (const each of batch) {
      if (each.failure !== undefined) continue;
      if (health.broken !== undefined) each.failure = health.broken;
      else if (!this.gate.admits(each.write, room.full)) each.failure = noRoom;
      else if (!isEmpty(each.write)) encodeRecord(each.write, payload);
    }
    if (payload.length === 0) queueMicrotask(() => this.complete(batch));
    else this.place(batch, payload);
  }

  private place(batch: readonly WaitingWrite[], payload: readonly Uint8Array[]): void {
    const { active } = this;
    const { segmentBytes, supply, ranges } = this.options;
    if (active !== undefined && (active.frames === 0 || fits(active, payload, segmentBytes))) {
      this.writeFrame(active, batch, payload);
      return;
    }
    supply
      .take()
      .then((next) => {
        active?.file.close(() => undefined);
        this.active = next;
        ranges.stretches.push(next);
        supply.prepare();
        this.writeFrame(next, batch, payload);
      })
      .catch((failure: unknown) => {
        if (isNoRoom(failure as Failure)) this.makeRoom(batch, 'no room for a new log segment');
        else this.breakBatch(batch, 'opening a log segment', failure as Failure);
      });
  }

  private writeFrame(
    active: OpenSegment,
    batch: readonly WaitingWrite[],
    records: readonly Uint8Array[],
  ): void {
    const { nowMs } = this.options;
    const payload = this.withPrelude(active, records);
    const frame = sealFrame(payload, this.sequence, active.salt);
    const startMs = nowMs();
    active.file.writeDurably(frame.buffers, active.position, (failure, failedAt) => {
      if (failure !== null) {
        const noRoomFor = failedAt === 'write' && isNoRoom(failure);
        if (noRoomFor) this.takeBack(active, batch);
        else this.breakBatch(batch, `writing ${active.path}`, failure);
        return;
      }
      active.position += frame.bytes;
      active.frames++;
      this.sequence++;
      this.note(active, batch);
      const { bytes } = frame;
      this.options.onSync({ durationMs: nowMs() - startMs, bytes, writes: batch.length });
      this.complete(batch);
    });
  }

  private withPrelude(active: OpenSegment, records: readonly Uint8Array[]): readonly Uint8Array[] {
    if (active.frames > 0 && this.prelude === undefined) return records;
    const first: Uint8Array[] = [];
    const { hardState, floor } = this;
    encodeRecord({ ...nothing, hardState }, first, floor);
    if (this.prelude !== undefined) encodeRecord(this.prelude, first);
    return [...first, ...records];
  }

  private note(active: OpenSegment, batch: readonly WaitingWrite[]): void {
    if (this.prelude !== undefined) this.options.ranges.note(this.prelude, active);
    this.prelude = undefined;
    for (const { write, failure } of batch) {
      if (failure !== undefined) continue;
      if (write.hardState !== undefined) {
        this.hardState = mergeHardState(this.hardState, write.hardState);
      }
      this.options.ranges.note(write, active);
    }
  }

  /** Part of a frame may stand there: it is cut off before anything else is written in its place. */
  private takeBack(active: OpenSegment, batch: readonly WaitingWrite[]): void {
    active.file.truncate(active.position, (failure) => {
      if (failure !== null) {
        this.breakBatch(batch, `truncating ${active.path}`, failure);
        return;
      }
      active.file.sync((syncFailure) => {
        if (syncFailure === null) this.makeRoom(batch, `no room in ${active.path}`);
        else this.breakBatch(batch, `syncing ${active.path}`, syncFailure);
      });
    });
  }

  /** Entries are refused; a vote that was gathered with them is tried in the room of the reserve. */
  private makeRoom(batch: readonly WaitingWrite[], detail: string): void {
    this.options.room
      .give(detail)
      .then((given) => {
        for (const each of batch) {
          if (each.failure !== undefined || (given && isVoteOnly(each.write))) continue;
          this.gate.refuse(each.write);
          each.failure = noRoom;
        }
        this.attempt(batch);
      })
      .catch((failure: unknown) => {
        this.breakBatch(batch, 'giving up the reserve', failure as Failure);
      });
  }

  private breakBatch(batch: readonly WaitingWrite[], what: string, failure: Failure): void {
    this.options.health.break(what, failure);
    this.attempt(batch);
  }

  /** In order; what the callbacks write gathers for the next frame. */
  private complete(batch: readonly WaitingWrite[]): void {
    for (const { done, failure } of batch) {
      if (failure === undefined) done();
      else done(failure);
    }
    if (this.waiting.length > 0) {
      this.start();
      return;
    }
    this.busy = false;
    for (const resolve of this.whenIdle.splice(0)) resolve();
  }
}

const noRoom: StorageFailure = {
  kind: 'full',
  detail: 'the disk has no room for the log; votes and snapshots go on in the reserve',
};

const nothing = { hardState: undefined, install: undefined, keepSuffix: true, entries: [] };

const isEmpty = (write: DurableWrite): boolean =>
  write.entries.length === 0 && write.hardState === undefined && write.install === undefined;

function fits(active: OpenSegment, payload: readonly Uint8Array[], segmentBytes: number): boolean {
  let end = active.position + frameHeaderBytes + emptyRecord.length;
  for (const part of payload) end += part.length;
  return end <= segmentBytes;
}
