import { crc32 } from 'node:zlib';
import { frameHeaderBytes } from './frame.ts';

/**
 * Whether bytes that are no frame, with no frame after them, are what a last write left when it was
 * cut short, or a frame that was written whole and damaged since. Its sync may have returned and its
 * entries may have been acknowledged, so the second is not cut off but refused, as etcd does.
 *
 * What tells them apart: a segment is zeros where nothing was written yet, a frame ends in a byte that
 * is not zero, and a disk writes whole sectors or nothing of them. A write that was cut short has
 * therefore left zeros at its end, or in a sector of its middle. Damage that no crash explains has not,
 * but for a value with 512 zeros of its own in that very frame: there damage passes for a torn write.
 */
export function wasWrittenWhole(segment: Buffer, offset: number, salt: number): boolean {
  const writtenEnd = endOfWritten(segment, offset);
  if (writtenEnd - offset < frameHeaderBytes) return false;
  const claimedEnd = offset + frameHeaderBytes + segment.readUInt32BE(offset + 8);
  if (claimedEnd > writtenEnd) return isWholeWithLength(segment, { offset, end: writtenEnd }, salt);
  return !hasEmptySector(segment, offset, claimedEnd);
}

/** Behind the last byte that is not zero; `from` when there is none. */
export function endOfWritten(segment: Buffer, from: number): number {
  let end = segment.length;
  while (end - from >= zeros.length && isZero(segment, end - zeros.length, end))
    end -= zeros.length;
  while (end > from && segment[end - 1] === 0) end -= 1;
  return end;
}

const sectorBytes = 512;
const zeros = Buffer.alloc(1 << 16);

const isZero = (segment: Buffer, from: number, to: number): boolean =>
  segment.compare(zeros, 0, to - from, from, to) === 0;

/** Of the sectors that a frame touches, counted from the beginning of the file, only its part counts. */
function hasEmptySector(segment: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to;) {
    const end = Math.min(to, at - (at % sectorBytes) + sectorBytes);
    if (isZero(segment, at, end)) return true;
    at = end;
  }
  return false;
}

/** The damage may be in the length itself: with the right one, the checksum holds. */
function isWholeWithLength(
  segment: Buffer,
  { offset, end }: { readonly offset: number; readonly end: number },
  salt: number,
): boolean {
  const header = Buffer.from(segment.subarray(offset, offset + frameHeaderBytes));
  header.writeUInt32BE(end - offset - frameHeaderBytes, 8);
  const crc = crc32(
    segment.subarray(offset + frameHeaderBytes, end),
    crc32(header.subarray(8), salt),
  );
  return crc === header.readUInt32BE(4);
}
