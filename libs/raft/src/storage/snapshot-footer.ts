import { crc32 } from 'node:zlib';
import type { SnapshotMeta } from '../core/entry.ts';
import { decodeSnapshotMeta, encodeSnapshotMeta } from './snapshot-meta.ts';

/**
 * What vouches for a stored snapshot, kept behind or beside its payload:
 *
 *   [crc u32 of each block] · meta · trailer
 *   trailer: payload bytes u48 · meta length u32 · footer crc u32 · magic u32
 *
 * The checksums are kept per block, so that a piece from the middle of a gigabyte is verified by
 * reading that piece only.
 */
export interface SnapshotFooter {
  readonly meta: SnapshotMeta;
  readonly payloadBytes: number;
  readonly checksums: Buffer;
}

export const snapshotBlockBytes = 1 << 16;
export const footerTrailerBytes = 18;
const magic = 0x51_53_4e_31;

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
    const footer = Buffer.alloc(this.blocks.length * 4 + metaBytes.length + footerTrailerBytes);
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

/** How much payload stands before a footer that ends in this trailer; nothing is verified yet. */
export const payloadBytesOf = (trailer: Buffer): number => trailer.readUIntBE(0, 6);

/** `undefined` when these are not exactly the bytes of a footer. */
export function decodeFooter(footer: Buffer): SnapshotFooter | undefined {
  const trailerAt = footer.length - footerTrailerBytes;
  if (trailerAt < 0) return undefined;
  const crcAt = footer.length - 8;
  if (footer.readUInt32BE(crcAt + 4) !== magic) return undefined;
  if (crc32(footer.subarray(0, crcAt)) !== footer.readUInt32BE(crcAt)) return undefined;
  const payloadBytes = footer.readUIntBE(trailerAt, 6);
  const checksumBytes = Math.ceil(payloadBytes / snapshotBlockBytes) * 4;
  return {
    meta: decodeSnapshotMeta(footer.subarray(checksumBytes, trailerAt)),
    payloadBytes,
    checksums: footer.subarray(0, checksumBytes),
  };
}

/** At most `bytesMax` bytes from `offset`, or the offset of the first damaged block in the way. */
export async function readVerified(
  { payloadBytes, checksums }: SnapshotFooter,
  read: (from: number, to: number) => Promise<Buffer>,
  offset: number,
  bytesMax: number,
): Promise<{ readonly bytes: Buffer } | { readonly damagedAt: number }> {
  const endOffset = Math.min(offset + bytesMax, payloadBytes);
  if (endOffset <= offset) return { bytes: Buffer.alloc(0) };
  const from = offset - (offset % snapshotBlockBytes);
  const lastBlockEnd = Math.ceil(endOffset / snapshotBlockBytes) * snapshotBlockBytes;
  const to = Math.min(lastBlockEnd, payloadBytes);
  const bytes = await read(from, to);
  for (let at = 0; at < to - from; at += snapshotBlockBytes) {
    const block = bytes.subarray(at, at + snapshotBlockBytes);
    const length = Math.min(snapshotBlockBytes, to - from - at);
    const expected = checksums.readUInt32BE(((from + at) / snapshotBlockBytes) * 4);
    if (block.length !== length || crc32(block) !== expected) return { damagedAt: from + at };
  }
  return { bytes: bytes.subarray(offset - from, endOffset - from) };
}
