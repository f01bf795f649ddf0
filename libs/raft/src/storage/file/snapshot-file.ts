import type { SnapshotMeta } from '../../core/entry.ts';
import { replaceNode, StorageRefusal } from '../reports.ts';
import {
  decodeFooter,
  footerTrailerBytes,
  payloadBytesOf,
  readVerified,
} from '../snapshot-footer.ts';
import type { SnapshotFooter } from '../snapshot-footer.ts';
import type { FileSystem, OpenFile } from './file-system.ts';
import { answered, completed } from './promised.ts';

export const snapshotName = (index: number): string =>
  `snapshot-${index.toString().padStart(16, '0')}.snap`;

export const snapshotIndex = (name: string): number | undefined => {
  const digits = /^snapshot-(\d{16})\.snap$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
};

/** A durable snapshot, open for reading: the payload as it came, then the footer. */
export class SnapshotFile {
  readonly path: string;
  private readonly file: OpenFile;
  private readonly footer: SnapshotFooter;

  private constructor(path: string, file: OpenFile, footer: SnapshotFooter) {
    this.path = path;
    this.file = file;
    this.footer = footer;
  }

  static async open(fileSystem: FileSystem, path: string): Promise<SnapshotFile> {
    const file = await answered<OpenFile>((done) => fileSystem.open(path, 'read', done));
    try {
      return new SnapshotFile(path, file, await readFooter(file, path));
    } catch (failure) {
      await completed((done) => file.close(done));
      throw failure;
    }
  }

  get meta(): SnapshotMeta {
    return this.footer.meta;
  }

  get payloadBytes(): number {
    return this.footer.payloadBytes;
  }

  /** Verified bytes, at most `bytesMax` of them; throws a `StorageRefusal` where they are damaged. */
  async read(offset: number, bytesMax: number): Promise<Buffer> {
    const read = (from: number, to: number): Promise<Buffer> => readRange(this.file, from, to);
    const piece = await readVerified(this.footer, read, offset, bytesMax);
    if ('damagedAt' in piece) refuse(this.path, piece.damagedAt);
    return piece.bytes;
  }

  async verify(): Promise<void> {
    for (let offset = 0; offset < this.payloadBytes; offset += 1 << 20) {
      await this.read(offset, 1 << 20);
    }
  }

  close(): Promise<void> {
    return completed((done) => this.file.close(done));
  }
}

async function readFooter(file: OpenFile, path: string): Promise<SnapshotFooter> {
  const size = await answered<number>((done) => file.size(done));
  const trailerAt = size - footerTrailerBytes;
  if (trailerAt < 0) refuse(path, 0);
  const payloadBytes = payloadBytesOf(await readRange(file, trailerAt, size));
  if (payloadBytes > trailerAt) refuse(path, trailerAt);
  const footer = decodeFooter(await readRange(file, payloadBytes, size));
  if (footer?.payloadBytes !== payloadBytes) refuse(path, payloadBytes);
  return footer;
}

async function readRange(file: OpenFile, from: number, to: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(to - from);
  const length = await answered<number>((done) => file.read(bytes, from, done));
  return bytes.subarray(0, length);
}

function refuse(path: string, offset: number): never {
  throw new StorageRefusal(path, offset, 'the snapshot is damaged', replaceNode);
}
