import type { DurableWrite } from '../../core/effects.ts';
import type { DurableState, SnapshotMeta } from '../../core/entry.ts';
import type { LogIndex } from '../../core/ids.ts';
import { invariant } from '../../core/invariant.ts';
import { closedStore, Health } from '../health.ts';
import { LiveRanges } from '../live-ranges.ts';
import { LogImage } from '../log-image.ts';
import type { Done, LogStore, ReadDone, SnapshotWriter } from '../log-store.ts';
import { preludeOf, refuseLostBeginning } from '../recovered-log.ts';
import { StorageRefusal } from '../reports.ts';
import type { OnStorageReport } from '../reports.ts';
import type { SyncReport } from '../sync-report.ts';
import { claim } from './redis-claim.ts';
import type { ClaimedState } from './redis-claim.ts';
import { findWeakness, refuseWeakness } from './redis-durability.ts';
import { openElement } from './redis-frame.ts';
import { RedisKeys } from './redis-keys.ts';
import { listOf, RedisLink } from './redis-link.ts';
import { RedisOutcomes } from './redis-outcomes.ts';
import { RedisRoom } from './redis-room.ts';
import { trimScript } from './redis-scripts.ts';
import { RedisSnapshots } from './redis-snapshots.ts';
import { RedisWriter } from './redis-writer.ts';
import type { ListStretch } from './redis-writer.ts';

export interface RedisStoreOptions {
  /** `redis://` or `rediss://`. */
  readonly url: string;
  /** Of this group on this node alone; a second process under it takes the store from the first. */
  readonly prefix: string;
  /** For clusters that may lose what they acknowledged: a Redis without `appendfsync always`. */
  readonly acceptWeakDurability?: boolean;
  readonly connectTimeoutMs?: number;
  readonly replyTimeoutMs?: number;
  readonly roomCheckIntervalMs?: number;
  readonly snapshotPartBytes?: number;
  readonly onReport?: OnStorageReport;
  readonly onSync?: (sync: SyncReport) => void;
  readonly nowMs?: () => number;
  readonly setTimer?: (run: () => void, delayMs: number) => () => void;
}

type Settings = Required<RedisStoreOptions>;

const defaults: Omit<Settings, 'url' | 'prefix'> = {
  acceptWeakDurability: false,
  connectTimeoutMs: 10_000,
  replyTimeoutMs: 10_000,
  roomCheckIntervalMs: 1_000,
  snapshotPartBytes: 16 << 20,
  onReport: () => undefined,
  onSync: () => undefined,
  nowMs: () => performance.now(),
  setTimer: (run, delayMs) => {
    const timer = setTimeout(run, delayMs).unref();
    return () => clearTimeout(timer);
  },
};

/** An element is one batch, and a batch may be megabytes. */
const elementsPerPage = 32;

/** Connects and judges the Redis; `load` then takes the store and says what is in it. */
export async function openRedisStore(options: RedisStoreOptions): Promise<LogStore> {
  const settings: Settings = { ...defaults, ...options };
  const { url, replyTimeoutMs, onReport: report } = settings;
  const link = new RedisLink({ url, replyTimeoutMs, report });
  try {
    await link.connect(settings.connectTimeoutMs);
    await refuseWeakness(link, settings.prefix, settings.acceptWeakDurability);
  } catch (failure) {
    link.close();
    throw failure;
  }
  return new RedisStore(settings, link);
}

/** Term, vote, log and snapshots in Redis, for nodes without a disk. DESIGN.md says what it costs. */
class RedisStore implements LogStore {
  private readonly settings: Settings;
  private readonly link: RedisLink;
  private readonly keys: RedisKeys;
  private readonly health: Health;
  private readonly ranges = new LiveRanges<ListStretch>();
  private parts:
    | {
        readonly ownerToken: string;
        readonly outcomes: RedisOutcomes;
        readonly room: RedisRoom;
        readonly writer: RedisWriter;
        readonly snapshots: RedisSnapshots;
      }
    | undefined;
  private compactTo = 0;
  private trimming: Promise<void> | undefined;
  private closing: Promise<void> | undefined;

  constructor(settings: Settings, link: RedisLink) {
    this.settings = settings;
    this.link = link;
    this.keys = new RedisKeys(settings.prefix);
    this.health = new Health(settings.onReport);
  }

  get full(): boolean {
    return this.parts?.room.full ?? false;
  }

  async load(): Promise<DurableState> {
    const { link, keys, health, settings } = this;
    const { onReport: report, onSync, nowMs } = settings;
    const claimed = await claim(link, keys);
    const { owner, floor } = claimed;
    const outcomes = new RedisOutcomes(
      {
        ...{ link, keys, owner, health, report, setTimer: settings.setTimer },
        checkIntervalMs: settings.roomCheckIntervalMs,
        findWeakness: () => this.findWeakness(),
      },
      claimed.counter,
    );
    const ownerToken = owner.token;
    const partBytes = settings.snapshotPartBytes;
    const snapshots = new RedisSnapshots({
      ...{ link, keys, outcomes, ownerToken, health, report, partBytes },
    });
    await snapshots.load(claimed);
    const { image, nextFrame } = await this.replay(claimed);
    refuseLostBeginning(keys.log, image, snapshots.meta, floor);
    if (snapshots.meta !== undefined) image.adopt(snapshots.meta);
    const durable = image.durableState();

    const room = new RedisRoom({
      probe: () => outcomes.probe(),
      checkIntervalMs: settings.roomCheckIntervalMs,
      setTimer: settings.setTimer,
      report,
    });
    const writer = new RedisWriter(
      { outcomes, health, room, ranges: this.ranges, onSync, nowMs },
      { hardState: durable.hardState, prelude: preludeOf(image, durable), nextFrame },
    );
    link.onBack = () => void writer.checkMemory();
    this.compactTo = floor;
    this.parts = { ownerToken, outcomes, room, writer, snapshots };
    return durable;
  }

  write(write: DurableWrite, done: Done): void {
    const { writer } = this.loaded();
    if (this.closing === undefined) writer.write(write, done);
    else queueMicrotask(() => done(closedStore));
  }

  compact(index: LogIndex): void {
    const { snapshots } = this.loaded();
    if (this.closing !== undefined) return;
    const upTo = Math.min(index, snapshots.meta?.index ?? 0);
    this.compactTo = Math.max(this.compactTo, upTo);
    this.trimming ??= this.trim().finally(() => (this.trimming = undefined));
  }

  createSnapshot(meta: SnapshotMeta): SnapshotWriter {
    return this.loaded().snapshots.create(meta);
  }

  readSnapshot(index: LogIndex, offset: number, bytesMax: number, done: ReadDone): void {
    this.loaded().snapshots.read(index, offset, bytesMax, done);
  }

  close(): Promise<void> {
    this.closing ??= this.closeOnce();
    return this.closing;
  }

  /** With Redis out of reach, a write under way stays unknown, and says so as `broken`. */
  private async closeOnce(): Promise<void> {
    this.parts?.room.close();
    this.parts?.outcomes.close();
    if (!this.link.isReady) this.link.close();
    await this.parts?.writer.idle();
    await this.trimming;
    await this.parts?.snapshots.close();
    this.link.close();
  }

  private loaded() {
    invariant(this.parts !== undefined, 'a store is used after it is loaded');
    return this.parts;
  }

  private findWeakness(): Promise<string | undefined> {
    if (this.settings.acceptWeakDurability) return Promise.resolve(undefined);
    return findWeakness(this.link);
  }

  private async replay(claimed: ClaimedState): Promise<{ image: LogImage; nextFrame: number }> {
    const { link, keys, ranges } = this;
    const image = new LogImage('anywhere');
    image.hardState = claimed.hardState;
    let frame = claimed.firstFrame;
    for (;;) {
      const from = frame - claimed.firstFrame;
      const to = from + elementsPerPage - 1;
      const answer = await link.callUntilAnswered('LRANGE', keys.log, from, to);
      if (answer.kind === 'refused') {
        throw new StorageRefusal(keys.log, from, answer.message, 'The log must be a readable list');
      }
      const elements = listOf(answer.value) as readonly Buffer[];
      if (elements.length === 0) return { image, nextFrame: frame };
      const stretch: ListStretch = { firstFrame: frame, frames: elements.length, lastIndex: 0 };
      ranges.stretches.push(stretch);
      for (const element of elements) {
        for (const record of openElement(element, keys.log, frame - claimed.firstFrame)) {
          image.apply({ ...record, id: 0, thenSend: [] });
          ranges.note(record, stretch);
        }
        frame++;
      }
    }
  }

  /** Late and safe to lose: the frame to begin with is named, so that a repetition changes nothing. */
  private async trim(): Promise<void> {
    const { link, keys, ranges } = this;
    const { ownerToken } = this.loaded();
    let first: number | undefined;
    for (let next = ranges.droppable(this.compactTo); next !== undefined;) {
      first = next.firstFrame + next.frames;
      ranges.stretches.shift();
      next = ranges.droppable(this.compactTo);
    }
    if (first === undefined) return;
    const floor = this.compactTo;
    const scripted = [trimScript, 2, keys.state, keys.log, ownerToken, first, floor] as const;
    const answer = await link.callUntilAnswered('EVAL', ...scripted);
    if (answer.kind === 'refused') {
      this.settings.onReport({ kind: 'postponed', detail: `trimming the log: ${answer.message}` });
    }
  }
}
