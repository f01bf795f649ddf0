import { invariant } from '../core/invariant.ts';

/** One entry of a table, as it stands in a snapshot. */
export interface TableRecord {
  readonly ordinal: number;
  readonly bytes: Uint8Array;
}

const bytesMax = 65_536;
const headerBytes = 1 + 6;
/** Left free in front of a piece that is written; see `SnapshotRun.take`. */
const freeBytes = 1;
const recordHeaderBytes = 6 + 4;

/**
 * Gathers records into a piece:
 *
 *   early u8 · passed u48 · record*      record: ordinal u48 · length u32 · bytes
 *
 * `early` pieces hold records written before their turn. All that stands at or before `passed` has
 * been written when the piece has: the early records up to there may be put in their place.
 */
export class PieceWriter {
  readonly #early: boolean;
  #records: TableRecord[] = [];
  #bytes = headerBytes;

  constructor(early: boolean) {
    this.#early = early;
  }

  get empty(): boolean {
    return this.#records.length === 0;
  }

  get full(): boolean {
    return this.#bytes >= bytesMax;
  }

  add(ordinal: number, bytes: Uint8Array): void {
    this.#records.push({ ordinal, bytes });
    this.#bytes += recordHeaderBytes + bytes.length;
  }

  take(passed: number): Uint8Array {
    const out = Buffer.allocUnsafe(freeBytes + this.#bytes);
    let at = out.writeUInt8(this.#early ? 1 : 0, freeBytes);
    at = out.writeUIntBE(passed, at, 6);
    for (const { ordinal, bytes } of this.#records) {
      at = out.writeUIntBE(ordinal, at, 6);
      at = out.writeUInt32BE(bytes.length, at);
      out.set(bytes, at);
      at += bytes.length;
    }
    this.#records = [];
    this.#bytes = headerBytes;
    return out;
  }
}

/** The records' bytes are views into `piece`. */
export function readPiece(piece: Uint8Array): {
  readonly early: boolean;
  readonly passed: number;
  readonly records: readonly TableRecord[];
} {
  const view = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
  invariant(view.length >= headerBytes, 'a piece of a table has a header');
  const records: TableRecord[] = [];
  let at = headerBytes;
  while (at < view.length) {
    const ordinal = view.readUIntBE(at, 6);
    const length = view.readUInt32BE(at + 6);
    const end = at + recordHeaderBytes + length;
    invariant(end <= view.length, 'a record stands whole in its piece');
    records.push({ ordinal, bytes: view.subarray(at + recordHeaderBytes, end) });
    at = end;
  }
  return { early: view.readUInt8(0) === 1, passed: view.readUIntBE(1, 6), records };
}
