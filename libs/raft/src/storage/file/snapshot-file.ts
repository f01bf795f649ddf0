import { crc32 } from 'node:zlib';
import type { SnapshotMeta } from '../../core/entry.ts';
import { decodeSnapshotMeta, encodeSnapshotMeta } from '../snapshot-meta.ts';
import type { FileSystem, OpenFile } from './file-system.ts';
import { answered, completed } from './promised.ts';
import { replaceNode, StorageRefusal } from './reports.ts';

/**
 * A snapshot file: the payload as it came, then a footer that vouches for it.
 *
 *   payload · [crc u32 of each block] · meta · trailer
 *   trailer: payload bytes u48 · meta length u32 · footer crc u32 · magic u32
 *
 * The checksums are kept per block, so that a piece from the middle of a gigabyte is verified by
 * reading that piece only.
 */
export const snapshotBlockBytes = 1 << 16;
const trailerBytes = 18;
const magic = 0x51_53_4e_31;

export const snapshotName = (index: number): string =>
  `snapshot-${index.toString().padStart(16, '0')}.snap`;

export const snapshotIndex = (name: string): number | undefined => {
  const digits = /^snapshot-(\d{16})\.snap$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
};

/** Checksums of the blocks of a payload that arrives in pieces of any size. */
export class BlockChecksums {
  payloadBytes = 0;
  private readonly blocks: number[] = [];
  private running = 0;

  add(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const room = snapshotBlockBytes - (this.payloadBytes % snapshotBlockBytes);
      const part = bytes.subarray(at, at + room);
      this.running = crc32(part, this.running);
      this.payloadBytes += part.length;
      at += part.length;
      if (this.payloadBytes % snapshotBlockBytes === 0) this.endBlock();
    }
  }

  /** Call once, after the last piece. */
  footer(meta: SnapshotMeta): Buffer {
    if (this.payloadBytes % snapshotBlockBytes !== 0) this.endBlock();
    const metaBytes = encodeSnapshotMeta(meta);
    const footer = Buffer.alloc(this.blocks.length * 4 + metaBytes.length + trailerBytes);
    let at = 0;
    for (const block of this.blocks) at = footer.writeUInt32BE(block, at);
    at += metaBytes.copy(footer, at);
    at = footer.writeUIntBE(this.payloadBytes, at, 6);
    at = footer.writeUInt32BE(metaBytes.length, at);
    at = footer.writeUInt32BE(crc32(footer.subarray(0, at)), at);
    footer.writeUInt32BE(magic, at);
    return footer;
  }

  private endBlock(): void {
    this.blocks.push(this.running);
    this.running = 0;
  }
}

/** A durable snapshot, open for reading. */
export class SnapshotFile {
  readonly path: string;
  readonly meta: SnapshotMeta;
  readonly payloadBytes: number;
  private readonly file: OpenFile;
  private readonly checksums: Buffer;

  private constructor(path: string, file: OpenFile, footer: Footer) {
    this.path = path;
    this.file = file;
    this.meta = footer.meta;
    this.payloadBytes = footer.payloadBytes;
    this.checksums = footer.checksums;
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

  /** Verified bytes, at most `bytesMax` of them; throws a `StorageRefusal` where they are damaged. */
  async read(offset: number, bytesMax: number): Promise<Buffer> {
    const endOffset = Math.min(offset + bytesMax, this.payloadBytes);
    if (endOffset <= offset) return Buffer.alloc(0);
    const from = offset - (offset % snapshotBlockBytes);
    const to = Math.min(
      Math.ceil(endOffset / snapshotBlockBytes) * snapshotBlockBytes,
      this.payloadBytes,
    );
    const bytes = Buffer.allocUnsafeSlow(to - from);
    const read = await answered<number>((done) => this.file.read(bytes, from, done));
    for (let at = 0; at < bytes.length; at += snapshotBlockBytes) {
      const block = bytes.subarray(at, at + snapshotBlockBytes);
      const expected = this.checksums.readUInt32BE(((from + at) / snapshotBlockBytes) * 4);
      if (at + block.length > read || crc32(block) !== expected) refuse(this.path, from + at);
    }
    return bytes.subarray(offset - from, endOffset - from);
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

interface Footer {
  readonly meta: SnapshotMeta;
  readonly payloadBytes: number;
  readonly checksums: Buffer;
}

async function readFooter(file: OpenFile, path: string): Promise<Footer> {
  const size = await answered<number>((done) => file.size(done));
  const trailer = Buffer.alloc(trailerBytes);
  const trailerOffset = size - trailerBytes;
  if (trailerOffset < 0) refuse(path, 0);
  await answered((done) => file.read(trailer, trailerOffset, done));
  const payloadBytes = trailer.readUIntBE(0, 6);
  const footer = Buffer.alloc(Math.max(0, size - payloadBytes));
  const metaOffset = Math.ceil(payloadBytes / snapshotBlockBytes) * 4;
  const metaLength = trailer.readUInt32BE(6);
  if (footer.length !== metaOffset + metaLength + trailerBytes) refuse(path, trailerOffset);
  await answered((done) => file.read(footer, payloadBytes, done));
  const crcAt = footer.length - 8;
  if (
    footer.readUInt32BE(crcAt + 4) !== magic ||
    crc32(footer.subarray(0, crcAt)) !== footer.readUInt32BE(crcAt)
  ) {
    refuse(path, payloadBytes);
  }
  return {
    meta: decodeSnapshotMeta(footer.subarray(metaOffset, metaOffset + metaLength)),
    payloadBytes,
    checksums: footer.subarray(0, metaOffset),
  };
}

function refuse(path: string, offset: number): never {
  throw new StorageRefusal(path, offset, 'the snapshot is damaged', replaceNode);
}
