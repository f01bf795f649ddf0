import type { SnapshotMeta } from '../../core/entry.ts';
import type { LogIndex } from '../../core/ids.ts';
import type { ReadDone, SnapshotWriter } from '../log-store.ts';
import type { FileSystem } from './file-system.ts';
import type { Health } from '../health.ts';
import { answered, completed } from './promised.ts';
import { StorageRefusal } from '../reports.ts';
import type { OnStorageReport } from '../reports.ts';
import type { Room } from './room.ts';
import { SnapshotFile, snapshotIndex, snapshotName } from './snapshot-file.ts';
import { SnapshotStaging } from './snapshot-staging.ts';
import { StagedSnapshot } from '../staged-snapshot.ts';

export interface SnapshotsOptions {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly health: Health;
  readonly room: Room;
  readonly report: OnStorageReport;
}

/** The newest durable snapshot of a log, and those being written to follow it. */
export class Snapshots {
  private readonly options: SnapshotsOptions;
  private newest: SnapshotFile | undefined;
  private staged = 0;
  /** Finishing, removing and closing happen one after another. */
  private turn: Promise<void> = Promise.resolve();
  private readonly staging = new Set<StagedSnapshot>();
  private readsUnderWay = 0;
  private retired: SnapshotFile[] = [];

  constructor(options: SnapshotsOptions) {
    this.options = options;
  }

  get meta(): SnapshotMeta | undefined {
    return this.newest?.meta;
  }

  /** Opens and verifies the newest; what is older or was never finished goes. */
  async load(): Promise<void> {
    const { fileSystem, directory } = this.options;
    const names = await answered<readonly string[]>((done) => fileSystem.list(directory, done));
    for (const name of names) {
      if (name.endsWith('.tmp')) await this.remove(name);
    }
    const finished = names.filter((name) => snapshotIndex(name) !== undefined).sort();
    const newest = finished.pop();
    if (newest === undefined) return;
    this.newest = await SnapshotFile.open(fileSystem, `${directory}/${newest}`);
    await this.newest.verify();
    // Its name may not have been durable when the process before this one died.
    await completed((done) => fileSystem.syncDirectory(directory, done));
    for (const name of finished) await this.remove(name);
  }

  create(meta: SnapshotMeta): SnapshotWriter {
    const { fileSystem, directory, health, room } = this.options;
    const path = `${directory}/${snapshotName(meta.index)}.${++this.staged}.tmp`;
    const adopt = (): Promise<void> => this.takeTurn(() => this.adopt(meta, path));
    const place = new SnapshotStaging({ fileSystem, room, path, adopt });
    const staged = new StagedSnapshot(place, meta, health);
    this.staging.add(staged);
    void staged.ended.then(() => this.staging.delete(staged));
    return staged;
  }

  read(index: LogIndex, offset: number, bytesMax: number, done: ReadDone): void {
    const snapshot = this.newest?.meta.index === index ? this.newest : undefined;
    if (snapshot === undefined) {
      queueMicrotask(() => done(gone));
      return;
    }
    this.readsUnderWay++;
    const answer = snapshot.read(offset, bytesMax).then(
      (bytes) => ({ bytes, last: offset + bytes.length >= snapshot.payloadBytes }),
      (failure: unknown) => {
        this.reportDamage(snapshot, offset, failure);
        return gone;
      },
    );
    void answer.then((piece) => {
      this.readsUnderWay--;
      this.closeRetired();
      done(piece);
    });
  }

  async close(): Promise<void> {
    for (const staged of this.staging) staged.abort();
    await Promise.all([...this.staging].map((staged) => staged.ended));
    await this.turn;
    if (this.newest !== undefined) this.retired.push(this.newest);
    this.newest = undefined;
    this.closeRetired();
  }

  private takeTurn(run: () => Promise<void>): Promise<void> {
    const turn = this.turn.then(run);
    this.turn = turn.catch(() => undefined);
    return turn;
  }

  /** The file is whole and synced under its temporary name. */
  private async adopt(meta: SnapshotMeta, temporary: string): Promise<void> {
    const { fileSystem, directory } = this.options;
    const before = this.newest;
    if (before !== undefined && meta.index <= before.meta.index) {
      await completed((done) => fileSystem.remove(temporary, done));
      return;
    }
    const name = snapshotName(meta.index);
    await completed((done) => fileSystem.rename(temporary, `${directory}/${name}`, done));
    await completed((done) => fileSystem.syncDirectory(directory, done));
    this.newest = await SnapshotFile.open(fileSystem, `${directory}/${name}`);
    if (before === undefined) return;
    this.retired.push(before);
    this.closeRetired();
    await this.remove(snapshotName(before.meta.index));
  }

  /** A descriptor is not closed under a read that uses it. */
  private closeRetired(): void {
    if (this.readsUnderWay > 0) return;
    for (const snapshot of this.retired.splice(0)) snapshot.close().catch(() => undefined);
  }

  private async remove(name: string): Promise<void> {
    const { fileSystem, directory, report } = this.options;
    try {
      await completed((done) => fileSystem.remove(`${directory}/${name}`, done));
    } catch (failure) {
      report({ kind: 'postponed', detail: `removing ${name}: ${(failure as Error).message}` });
    }
  }

  private reportDamage(snapshot: SnapshotFile, offset: number, failure: unknown): void {
    const at = failure instanceof StorageRefusal ? (failure.offset ?? offset) : offset;
    this.options.report({ kind: 'snapshot-damaged', file: snapshot.path, offset: at });
  }
}

const gone = { bytes: undefined, last: false } as const;
