import type { DurableWrite } from '../../core/effects.ts';
import type { HardState } from '../../core/entry.ts';
import type { Health } from '../health.ts';
import type { LiveRanges, LogStretch } from '../live-ranges.ts';
import { mergeHardState } from '../log-image.ts';
import { encodeRecord } from '../log-record.ts';
import type { LogRecord } from '../log-record.ts';
import type { Done, StorageFailure } from '../log-store.ts';
import { isVoteOnly, WriteGate } from '../write-gate.ts';
import type { SyncReport } from '../sync-report.ts';
import { sealElement } from './redis-frame.ts';
import type { Attempt, RedisOutcomes } from './redis-outcomes.ts';
import type { RedisRoom } from './redis-room.ts';

/** Elements of the log list that are trimmed together. */
export interface ListStretch extends LogStretch {
  readonly firstFrame: number;
}

export interface RedisWriterOptions {
  readonly outcomes: RedisOutcomes;
  readonly health: Health;
  readonly room: RedisRoom;
  readonly ranges: LiveRanges<ListStretch>;
  readonly onSync: (sync: SyncReport) => void;
  readonly nowMs: () => number;
}

interface WaitingWrite {
  readonly write: DurableWrite;
  readonly done: Done;
  failure: StorageFailure | undefined;
}

const stretchFrames = 64;
const batchWritesMax = 256;
const batchBytesMax = 8 << 20;

/**
 * Group commit over one connection: one batch is under way, and whatever is asked for meanwhile
 * becomes the next. A batch is one script and one round trip.
 */
export class RedisWriter {
  private readonly options: RedisWriterOptions;
  private readonly gate = new WriteGate();
  private hardState: HardState;
  private prelude: LogRecord | undefined;
  private nextFrame: number;
  private waiting: WaitingWrite[] = [];
  private busy = false;
  private whenIdle: (() => void)[] = [];

  constructor(
    options: RedisWriterOptions,
    start: {
      readonly hardState: HardState;
      readonly prelude: LogRecord | undefined;
      readonly nextFrame: number;
    },
  ) {
    this.options = options;
    this.hardState = start.hardState;
    this.prelude = start.prelude;
    this.nextFrame = start.nextFrame;
  }

  write(write: DurableWrite, done: Done): void {
    this.waiting.push({ write, done, failure: undefined });
    if (!this.busy) this.start();
  }

  idle(): Promise<void> {
    if (!this.busy) return Promise.resolve();
    return new Promise((resolve) => this.whenIdle.push(resolve));
  }

  /** The connection is back: a Redis that forgot something is found out now, not at the next write. */
  async checkMemory(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    await this.options.outcomes.checkMemory();
    this.goOn();
  }

  private start(): void {
    this.busy = true;
    const batch = this.takeBatch();
    void this.carryOut(batch).then(() => {
      // Out of the promise: what a callback throws is not ours to catch.
      queueMicrotask(() => this.complete(batch));
    });
  }

  private takeBatch(): WaitingWrite[] {
    let bytes = 0;
    let count = 0;
    while (count < this.waiting.length && count < batchWritesMax && bytes < batchBytesMax) {
      for (const entry of this.waiting[count++]!.write.entries) bytes += entry.payload.length;
    }
    return this.waiting.splice(0, count);
  }

  /** Resolves when each write has its outcome. Votes are tried again without what found no room. */
  private async carryOut(batch: readonly WaitingWrite[]): Promise<void> {
    const { outcomes, health, room, nowMs, onSync } = this.options;
    for (;;) {
      const admitted = batch.filter((each) => this.isAdmitted(each));
      const attempt = this.assemble(admitted);
      if (attempt === undefined) return;
      const startMs = nowMs();
      const outcome = await outcomes.write(attempt);
      if (outcome.kind === 'written') {
        this.note(admitted, attempt);
        const bytes = attempt.element?.length ?? 0;
        onSync({ durationMs: nowMs() - startMs, bytes, writes: admitted.length });
        return;
      }
      if (health.broken !== undefined) continue;
      const votesMayPass = !room.full && attempt.element !== undefined;
      room.turnFull(outcome.detail);
      for (const each of admitted) {
        if (votesMayPass && isVoteOnly(each.write)) continue;
        this.gate.refuse(each.write);
        each.failure = outcome;
      }
    }
  }

  private isAdmitted(each: WaitingWrite): boolean {
    const { health, room } = this.options;
    if (each.failure !== undefined) return false;
    if (health.broken !== undefined) each.failure = health.broken;
    else if (!this.gate.admits(each.write, room.full)) each.failure = room.refusal;
    return each.failure === undefined;
  }

  /** `undefined` when there is nothing to write. */
  private assemble(admitted: readonly WaitingWrite[]): Attempt | undefined {
    const records: Uint8Array[] = [];
    let hardState: HardState | undefined;
    for (const { write } of admitted) {
      if (write.hardState !== undefined) {
        hardState = mergeHardState(hardState ?? this.hardState, write.hardState);
      }
      if (write.entries.length === 0 && write.install === undefined) continue;
      if (records.length === 0 && this.prelude !== undefined) encodeRecord(this.prelude, records);
      encodeRecord({ ...write, hardState: undefined }, records);
    }
    if (records.length === 0 && hardState === undefined) return undefined;
    return { element: records.length === 0 ? undefined : sealElement(records), hardState };
  }

  private note(written: readonly WaitingWrite[], { element, hardState }: Attempt): void {
    if (hardState !== undefined) this.hardState = hardState;
    if (element === undefined) return;
    const { ranges } = this.options;
    let stretch = ranges.stretches.at(-1);
    if (stretch === undefined || stretch.frames >= stretchFrames) {
      stretch = { firstFrame: this.nextFrame, frames: 0, lastIndex: 0 };
      ranges.stretches.push(stretch);
    }
    this.nextFrame++;
    stretch.frames++;
    if (this.prelude !== undefined) ranges.note(this.prelude, stretch);
    this.prelude = undefined;
    for (const { write } of written) ranges.note(write, stretch);
  }

  /** In order; what the callbacks write gathers for the next batch. */
  private complete(batch: readonly WaitingWrite[]): void {
    for (const { done, failure } of batch) {
      if (failure === undefined) done();
      else done(failure);
    }
    this.goOn();
  }

  private goOn(): void {
    if (this.waiting.length > 0) {
      this.start();
      return;
    }
    this.busy = false;
    for (const resolve of this.whenIdle.splice(0)) resolve();
  }
}
