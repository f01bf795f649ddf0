import { crc32 } from 'node:zlib';
import { emptyRecord } from '../log-record.ts';

/**
 * A frame is what one sync makes durable: the records of all writes that waited for it, whole or not
 * there at all.
 *
 *   magic u32 · crc u32 · payload length u32 · sequence u48 · payload
 *
 * `sequence` counts the frames of a log without a gap, across its segments: a frame that is missing
 * is noticed. The checksum covers everything behind it and starts from the segment's salt, a random
 * number that no client knows: bytes of a client's value can never pass for a frame. The payload ends
 * in a byte that is not zero, and what has not been written is zeros: so the end of what was written
 * can be seen even where the checksum fails (see torn-tail.ts).
 */
export const frameHeaderBytes = 18;
export const frameMagic = 0x51_4c_46_31;
export const frameMagicBytes = Buffer.from([0x51, 0x4c, 0x46, 0x31]);

/** Puts the header in front of `records` (heads and runs), and says how long the whole is. */
export function sealFrame(
  records: readonly Uint8Array[],
  sequence: number,
  salt: number,
): { buffers: readonly Uint8Array[]; bytes: number } {
  const payload = [...records, emptyRecord];
  let length = 0;
  for (const part of payload) length += part.length;
  const header = Buffer.allocUnsafe(frameHeaderBytes);
  header.writeUInt32BE(frameMagic, 0);
  header.writeUInt32BE(length, 8);
  header.writeUIntBE(sequence, 12, 6);
  let crc = crc32(header.subarray(8), salt);
  for (const part of payload) crc = crc32(part, crc);
  header.writeUInt32BE(crc, 4);
  return { buffers: [header, ...payload], bytes: frameHeaderBytes + length };
}

export interface Frame {
  readonly sequence: number;
  readonly payload: Buffer;
  readonly endOffset: number;
}

/** The frame that stands at `offset`, if a whole and undamaged one does. */
export function frameAt(segment: Buffer, offset: number, salt: number): Frame | undefined {
  if (offset + frameHeaderBytes > segment.length) return undefined;
  if (segment.readUInt32BE(offset) !== frameMagic) return undefined;
  const endOffset = offset + frameHeaderBytes + segment.readUInt32BE(offset + 8);
  if (endOffset > segment.length) return undefined;
  if (crc32(segment.subarray(offset + 8, endOffset), salt) !== segment.readUInt32BE(offset + 4)) {
    return undefined;
  }
  return {
    sequence: segment.readUIntBE(offset + 12, 6),
    payload: segment.subarray(offset + frameHeaderBytes, endOffset),
    endOffset,
  };
}

/** Where the next whole frame begins, looking at every byte from `offset` on. */
export function findFrame(segment: Buffer, offset: number, salt: number): number | undefined {
  for (
    let at = segment.indexOf(frameMagicBytes, offset);
    at !== -1;
    at = segment.indexOf(frameMagicBytes, at + 1)
  ) {
    if (frameAt(segment, at, salt) !== undefined) return at;
  }
  return undefined;
}
