import type { Codec } from '@quorate/raft';
import type { QueueCommand, QueueReply } from './commands.ts';
import { packr } from './records.ts';

/** Plain maps: a log written by an older version stays readable when a command gains a field. */
const packed = <T>(): Codec<T> => ({
  // A view into the packer's own buffer would change under the log; this is a copy.
  encode: (value) => Uint8Array.from(packr.pack(value)),
  decode: (bytes) => packr.unpack(bytes) as T,
});

export const commandCodec = packed<QueueCommand>();
export const replyCodec = packed<QueueReply>();
