/** The peer sent what no peer of this protocol sends: the link is closed. */
export class ProtocolViolation extends Error {
  override readonly name = 'ProtocolViolation';
}

/**
 * Cuts a stream into frames (`length u32 · body`). A frame that lies within one chunk is a view into
 * it; one that spans chunks is put together once, when its last byte is there.
 */
export class FrameSplitter {
  readonly #frameBytesMax: number;
  #chunks: Buffer[] = [];
  #held = 0;
  /** Bytes that make the next frame whole, its length field included. */
  #wanted = 4;

  constructor(frameBytesMax: number) {
    this.#frameBytesMax = frameBytesMax;
  }

  /** Calls `onFrame` for each frame that `chunk` completes. */
  push(chunk: Buffer, onFrame: (body: Buffer) => void): void {
    this.#held += chunk.length;
    if (this.#held < this.#wanted) {
      this.#chunks.push(chunk);
      return;
    }
    const data = this.#chunks.length === 0 ? chunk : Buffer.concat([...this.#chunks, chunk]);
    let at = 0;
    this.#wanted = 4;
    while (data.length - at >= 4) {
      const length = data.readUInt32BE(at);
      if (length > this.#frameBytesMax) {
        throw new ProtocolViolation(`a frame of ${length} bytes is above the limit`);
      }
      if (data.length - at < 4 + length) {
        this.#wanted = 4 + length;
        break;
      }
      onFrame(data.subarray(at + 4, at + 4 + length));
      at += 4 + length;
    }
    this.#held = data.length - at;
    this.#chunks = this.#held === 0 ? [] : [data.subarray(at)];
  }
}
