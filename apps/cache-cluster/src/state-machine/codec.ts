import type { Codec } from '@quorate/raft';
import { Packr } from 'msgpackr';
import type { CacheCommand, CacheReply } from './commands.ts';

/** Plain maps and arrays: what an older version wrote can be read by a newer one. */
export const packr = new Packr({ useRecords: false });

const packed = <T>(): Codec<T> => ({
  // A view into the packer's own buffer would change under the log; this is a copy.
  encode: (value) => Uint8Array.from(packr.pack(value)),
  decode: (bytes) => packr.unpack(bytes) as T,
});

export const commandCodec = packed<CacheCommand>();
export const replyCodec = packed<CacheReply>();
