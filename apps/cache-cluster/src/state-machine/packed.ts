import { Packr } from 'msgpackr';

const packr = new Packr({ useRecords: false });

/** A copy: what the packer gives is a view into its own buffer, which would change under the log. */
export const pack = (value: unknown): Uint8Array => new Uint8Array(packr.pack(value));

/** Bytes inside are views into those given. */
export const unpack = (bytes: Uint8Array): unknown => packr.unpack(bytes);
