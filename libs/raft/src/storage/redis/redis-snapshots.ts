import { randomUUID } from 'node:crypto';
import type { SnapshotMeta } from '../../core/entry.ts';
import type { LogIndex } from '../../core/ids.ts';
import type { Health } from '../health.ts';
import type { ReadDone, SnapshotWriter } from '../log-store.ts';
import { replaceNode, StorageRefusal } from '../reports.ts';
import type { OnStorageReport } from '../reports.ts';
import { decodeFooter, readVerified } from '../snapshot-footer.ts';
import type { SnapshotFooter } from '../snapshot-footer.ts';
import { StagedSnapshot } from '../staged-snapshot.ts';
import type { ClaimedState } from './redis-claim.ts';
import type { RedisKeys } from './redis-keys.ts';
import type { RedisLink } from './redis-link.ts';
import type { RedisOutcomes } from './redis-outcomes.ts';
import { RedisStaging } from './redis-staging.ts';

export interface RedisSnapshotsOptions {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  readonly outcomes: RedisOutcomes;
  readonly ownerToken: string;
  readonly health: Health;
  readonly report: OnStorageReport;
  /** A multiple of the block that carries a checksum. */
  readonly partBytes: number;
}

interface Stored {
  readonly id: string;
  readonly footer: SnapshotFooter;
}

/** The newest snapshot in Redis, and those being put together beside it. */
export class RedisSnapshots {
  private readonly options: RedisSnapshotsOptions;
  private newest: Stored | undefined;
  private readonly staging = new Set<StagedSnapshot>();
  /** Adopting and removing happen one after another. */
  private turn: Promise<void> = Promise.resolve();

  constructor(options: RedisSnapshotsOptions) {
    this.options = options;
  }

  get meta(): SnapshotMeta | undefined {
    return this.newest?.footer.meta;
  }

  /** Verifies the newest; what other lives left unfinished goes. */
  async load({ snapshot, staged }: ClaimedState): Promise<void> {
    for (const { id, parts } of staged) {
      if (id !== snapshot?.id) await this.remove(id, parts);
    }
    if (snapshot === undefined) return;
    const { keys } = this.options;
    const footer = decodeFooter(snapshot.footer);
    if (footer === undefined) refuse(keys.state, undefined);
    this.newest = { id: snapshot.id, footer };
    for (let offset = 0; offset < footer.payloadBytes; offset += 1 << 20) {
      const piece = await this.readPiece(this.newest, offset, 1 << 20);
      if ('damagedAt' in piece) refuse(keys.snapshotPart(snapshot.id, 0), piece.damagedAt);
    }
  }

  create(meta: SnapshotMeta): SnapshotWriter {
    const id = randomUUID();
    const place = new RedisStaging({
      ...this.options,
      id,
      adopt: (footer, commit) => this.takeTurn(() => this.adopt(id, footer, commit)),
      remove: (parts) => this.remove(id, parts),
    });
    const staged = new StagedSnapshot(place, meta, this.options.health);
    this.staging.add(staged);
    void staged.ended.then(() => this.staging.delete(staged));
    return staged;
  }

  read(index: LogIndex, offset: number, bytesMax: number, done: ReadDone): void {
    const stored = this.newest?.footer.meta.index === index ? this.newest : undefined;
    if (stored === undefined) {
      queueMicrotask(() => done(gone));
      return;
    }
    void this.readPiece(stored, offset, bytesMax).then((piece) => {
      // Out of the promise: what `done` throws is not ours to catch.
      queueMicrotask(() => {
        if ('bytes' in piece) {
          const { bytes } = piece;
          done({ bytes, last: offset + bytes.length >= stored.footer.payloadBytes });
          return;
        }
        this.reportDamage(stored, piece.damagedAt);
        done(gone);
      });
    });
  }

  async close(): Promise<void> {
    for (const staged of this.staging) staged.abort();
    await Promise.all([...this.staging].map((staged) => staged.ended));
    await this.turn;
  }

  private takeTurn(run: () => Promise<void>): Promise<void> {
    const turn = this.turn.then(run);
    this.turn = turn.catch(() => undefined);
    return turn;
  }

  private async adopt(id: string, footerBytes: Buffer, commit: () => Promise<void>): Promise<void> {
    const footer = decodeFooter(footerBytes)!;
    const before = this.newest;
    if (before !== undefined && footer.meta.index <= before.footer.meta.index) {
      await this.remove(id, this.partsOf(footer));
      return;
    }
    await commit();
    this.newest = { id, footer };
    if (before !== undefined) await this.remove(before.id, this.partsOf(before.footer));
  }

  private partsOf({ payloadBytes }: SnapshotFooter): number {
    return Math.ceil(payloadBytes / this.options.partBytes);
  }

  private readPiece(stored: Stored, offset: number, bytesMax: number) {
    const read = (from: number, to: number): Promise<Buffer> => this.readRange(stored.id, from, to);
    return readVerified(stored.footer, read, offset, bytesMax);
  }

  private async readRange(id: string, from: number, to: number): Promise<Buffer> {
    const { link, keys, partBytes } = this.options;
    const pieces: Buffer[] = [];
    for (let at = from; at < to;) {
      const part = Math.floor(at / partBytes);
      const inPart = at - part * partBytes;
      const length = Math.min(to - at, partBytes - inPart);
      const key = keys.snapshotPart(id, part);
      const last = inPart + length - 1;
      const answer = await link.callUntilAnswered('GETRANGE', key, inPart, last);
      if (answer.kind === 'reply' && Buffer.isBuffer(answer.value)) pieces.push(answer.value);
      at += length;
    }
    return Buffer.concat(pieces);
  }

  /** Parts first, then the note that they exist: what is interrupted is finished by the next load. */
  private async remove(id: string, parts: number): Promise<void> {
    const { link, keys, report } = this.options;
    const answers = [
      await link.callUntilAnswered('UNLINK', ...keys.snapshotParts(id, Math.max(1, parts))),
      await link.callUntilAnswered('HDEL', keys.state, `staged:${id}`),
    ];
    for (const answer of answers) {
      if (answer.kind === 'reply') continue;
      report({ kind: 'postponed', detail: `removing a snapshot: ${answer.message}` });
    }
  }

  /** A snapshot that was replaced while it was read is gone, not damaged. */
  private reportDamage(stored: Stored, offset: number): void {
    const { keys, report } = this.options;
    if (stored !== this.newest) return;
    report({ kind: 'snapshot-damaged', file: keys.snapshotPart(stored.id, 0), offset });
  }
}

const gone = { bytes: undefined, last: false } as const;

function refuse(key: string, offset: number | undefined): never {
  throw new StorageRefusal(key, offset, 'the snapshot is damaged', replaceNode);
}
