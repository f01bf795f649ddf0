/** Reads what `ByteWriter` wrote. Throws a `RangeError` wherever the bytes do not reach. */
export class ByteReader {
  readonly #view: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#view = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u8(): number {
    return this.#view.readUInt8(this.#advance(1));
  }

  bool(): boolean {
    const value = this.u8();
    if (value > 1) throw new RangeError('neither true nor false');
    return value === 1;
  }

  u16(): number {
    return this.#view.readUInt16BE(this.#advance(2));
  }

  u32(): number {
    return this.#view.readUInt32BE(this.#advance(4));
  }

  u48(): number {
    return this.#view.readUIntBE(this.#advance(6), 6);
  }

  f64(): number {
    return this.#view.readDoubleBE(this.#advance(8));
  }

  text(): string {
    const length = this.u16();
    const start = this.#advance(length);
    return this.#view.toString('utf8', start, start + length);
  }

  /** A view, not a copy. */
  bytes(): Buffer {
    const length = this.u32();
    const start = this.#advance(length);
    return this.#view.subarray(start, start + length);
  }

  end(): void {
    if (this.#at !== this.#view.length) throw new RangeError('bytes are left over');
  }

  #advance(bytes: number): number {
    const start = this.#at;
    if (start + bytes > this.#view.length) throw new RangeError('the bytes end too early');
    this.#at = start + bytes;
    return start;
  }
}
