import { invariant } from '../core/invariant.ts';
import type { SnapshotSink } from './state-machine.ts';

/**
 * A snapshot as a stream of bytes: frames of `part u8 · length u32 · piece`, first the replica's own
 * pieces, then the state machine's, then an empty `end` frame. The frames keep the cuts: a sink gets
 * the very pieces that were taken. Checksums are the store's business.
 */
type Part = 'replica' | 'machine' | 'end';

const parts: readonly Part[] = ['replica', 'machine', 'end'];
const headerBytes = 5;

/** Makes the stream, a chunk at a time, as fast as it is asked. */
export class SnapshotEncoder {
  readonly #sources: Iterator<Uint8Array>[];
  #part = 0;
  #bytes = 0;

  /** The iterators' moment must have been fixed by now; nothing is read yet. */
  constructor(sources: { replica: Iterator<Uint8Array>; machine: Iterator<Uint8Array> }) {
    this.#sources = [sources.replica, sources.machine];
  }

  /** Bytes made so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** About `bytesMax`, or less when `mustPause` says so; `undefined` when all is written. */
  take(bytesMax: number, mustPause: () => boolean): Uint8Array | undefined {
    const frames: Uint8Array[] = [];
    let bytes = 0;
    while (this.#part < parts.length && bytes < bytesMax) {
      if (frames.length > 0 && mustPause()) break;
      const piece = this.#nextPiece();
      frames.push(frameHeader(this.#part, piece.length), piece);
      bytes += headerBytes + piece.length;
      if (parts[this.#part] === 'end') this.#part += 1;
    }
    this.#bytes += bytes;
    return frames.length === 0 ? undefined : Buffer.concat(frames, bytes);
  }

  cancel(): void {
    for (const source of this.#sources) source.return?.();
    this.#part = parts.length;
  }

  #nextPiece(): Uint8Array {
    for (let source = this.#sources[this.#part]; source !== undefined;) {
      const next = source.next();
      if (next.done !== true) return next.value;
      this.#part += 1;
      source = this.#sources[this.#part];
    }
    return new Uint8Array(0);
  }
}

function frameHeader(part: number, length: number): Uint8Array {
  const header = Buffer.allocUnsafe(headerBytes);
  header[0] = part;
  header.writeUInt32BE(length, 1);
  return header;
}

/** Takes the stream in cuts of any kind and feeds the sinks. */
export class SnapshotDecoder {
  readonly #sinks: readonly SnapshotSink[];
  #rest: Uint8Array = new Uint8Array(0);
  #ended = false;

  constructor(sinks: { replica: SnapshotSink; machine: SnapshotSink }) {
    this.#sinks = [sinks.replica, sinks.machine];
  }

  get ended(): boolean {
    return this.#ended;
  }

  write(bytes: Uint8Array): void {
    const data = this.#rest.length === 0 ? asBuffer(bytes) : Buffer.concat([this.#rest, bytes]);
    let at = 0;
    while (data.length - at >= headerBytes) {
      const end = at + headerBytes + data.readUInt32BE(at + 1);
      if (end > data.length) break;
      this.#frame(data[at]!, data.subarray(at + headerBytes, end));
      at = end;
    }
    this.#rest = data.subarray(at);
  }

  #frame(part: number, piece: Uint8Array): void {
    invariant(!this.#ended, 'nothing follows the end of a snapshot');
    if (parts[part] === 'end') {
      this.#ended = true;
      for (const sink of this.#sinks) sink.end();
      return;
    }
    const sink = this.#sinks[part];
    invariant(sink !== undefined, 'a frame belongs to a part of the snapshot');
    sink.write(piece);
  }
}

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
