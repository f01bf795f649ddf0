import type { Codec } from '@quorate/raft';
import type { Enqueued, QueueReply } from './commands.ts';
import { settings, waitName } from './record-shapes.ts';
import { listOf, plain, struct } from './shape.ts';
import { taggedCodec } from './tagged.ts';

type Remembered = Exclude<QueueReply, { kind: 'delivered' }>;

const enqueued = struct<Enqueued>({ msgId: plain(), duplicate: plain() });

const remembered = taggedCodec<Remembered>({
  enqueued: [0, { messages: listOf(enqueued) }],
  handed: [1, { receipts: listOf(plain<string>()) }],
  waiting: [2, { wait: waitName }],
  acked: [3, { results: listOf(plain()) }],
  nacked: [4, { deadLettered: plain() }],
  extended: [5, { dueAtMs: plain() }],
  defined: [6, { created: plain(), settings }],
  purged: [7, { messages: plain() }],
  deleted: [8, {}],
  redriving: [9, { moved: plain(), more: plain(), after: plain(), upTo: plain() }],
  done: [10, {}],
  'letters-seen': [11, { upTo: plain() }],
  stale: [12, {}],
  'receipt-required': [13, {}],
  'not-found': [14, { what: plain() }],
  'group-required': [15, { groups: listOf(plain<string>()) }],
  'dead-letter-cycle': [16, { queues: listOf(plain<string>()) }],
  full: [17, { what: plain() }],
});

/**
 * Replies as the table of requests keeps them. Of a delivery it keeps the receipts: the messages are
 * in their queue for as long as they are out, and a thousand of them may be a thousand megabytes.
 */
export const replyCodec: Codec<QueueReply> = {
  encode: (reply) =>
    remembered.encode(
      reply.kind === 'delivered'
        ? { kind: 'handed', receipts: reply.messages.map((one) => one.receipt) }
        : reply,
    ),
  decode: (bytes) => remembered.decode(bytes),
};
