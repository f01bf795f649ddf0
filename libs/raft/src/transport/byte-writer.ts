/** Payloads below this are copied next to what stands before them; greater ones pass as they are. */
const copiedBytesMax = 2_048;
const slabBytes = 64 * 1024;

/**
 * Writes frames one behind another into slabs, for one gathered write to a socket. A slab is handed
 * over when it is full and never written again; a large payload goes between slabs without a copy.
 */
export class ByteWriter {
  #slab = Buffer.allocUnsafeSlow(slabBytes);
  /** Where the part of the slab begins that was not handed over. */
  #start = 0;
  #at = 0;
  #parts: Buffer[] = [];
  #partBytes = 0;
  #frame: { readonly slab: Buffer; readonly at: number; readonly startBytes: number } | undefined;

  /** Bytes written and not taken. */
  get bytes(): number {
    return this.#partBytes + (this.#at - this.#start);
  }

  beginFrame(): void {
    this.#reserve(4);
    this.#frame = { slab: this.#slab, at: this.#at, startBytes: this.bytes + 4 };
    this.#at += 4;
  }

  /** Now that it is known, the length goes in front. */
  endFrame(): void {
    const frame = this.#frame!;
    frame.slab.writeUInt32BE(this.bytes - frame.startBytes, frame.at);
    this.#frame = undefined;
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#slab[this.#at] = value;
    this.#at += 1;
  }

  bool(value: boolean): void {
    this.u8(value ? 1 : 0);
  }

  u16(value: number): void {
    this.#reserve(2);
    this.#at = this.#slab.writeUInt16BE(value, this.#at);
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#at = this.#slab.writeUInt32BE(value, this.#at);
  }

  u48(value: number): void {
    this.#reserve(6);
    this.#at = this.#slab.writeUIntBE(value, this.#at, 6);
  }

  f64(value: number): void {
    this.#reserve(8);
    this.#at = this.#slab.writeDoubleBE(value, this.#at);
  }

  /** At most 65,535 bytes of UTF-8. */
  text(value: string): void {
    const bytes = Buffer.from(value, 'utf8');
    this.u16(bytes.length);
    this.#copy(bytes);
  }

  /** The bytes must not change until they are on their way. */
  bytesOf(value: Uint8Array): void {
    this.u32(value.length);
    if (value.length < copiedBytesMax) {
      this.#copy(value);
      return;
    }
    this.#handOver();
    this.#parts.push(Buffer.from(value.buffer, value.byteOffset, value.byteLength));
    this.#partBytes += value.length;
  }

  /** All that was written, in order. */
  take(): readonly Buffer[] {
    this.#handOver();
    const parts = this.#parts;
    this.#parts = [];
    this.#partBytes = 0;
    return parts;
  }

  #copy(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#slab.set(value, this.#at);
    this.#at += value.length;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#slab.length) return;
    this.#handOver();
    this.#slab = Buffer.allocUnsafeSlow(Math.max(slabBytes, bytes));
    this.#start = 0;
    this.#at = 0;
  }

  #handOver(): void {
    if (this.#at === this.#start) return;
    this.#parts.push(this.#slab.subarray(this.#start, this.#at));
    this.#partBytes += this.#at - this.#start;
    this.#start = this.#at;
  }
}
