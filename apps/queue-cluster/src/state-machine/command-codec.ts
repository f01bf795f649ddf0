import type { Codec } from '@quorate/raft';
import type {
  EnqueueLimits,
  NackTarget,
  NewMessage,
  NumberedLetter,
  QueueCommand,
  SettingsChange,
} from './commands.ts';
import { backoff, letter, messageName, receiptName, waitName } from './record-shapes.ts';
import { listOf, optional, plain, struct, texts, type Shape } from './shape.ts';
import { taggedCodec } from './tagged.ts';

const newMessage = struct<NewMessage>({
  value: plain(),
  key: plain(),
  delayMs: plain(),
  ttlMs: plain(),
  priority: plain(),
  headers: optional(texts),
  dedupId: plain(),
});

const limits = struct<EnqueueLimits>({
  queueMessagesMax: plain(),
  queueBytesMax: plain(),
  shardMessagesMax: plain(),
  shardBytesMax: plain(),
  shardDedupIdsMax: plain(),
  shardQueuesMax: plain(),
});

const change = struct<SettingsChange>({
  visibilityMs: plain(),
  maxDeliveries: plain(),
  deadLetterQueue: plain(),
  retentionMs: plain(),
  backoff: optional(backoff),
  groups: optional(listOf(plain<string>())),
});

const numberedLetter = struct<NumberedLetter>({ number: plain(), letter });

/** A receipt has five numbers, a message three. */
const nackTarget: Shape<NackTarget> = {
  pack: (target) =>
    target.kind === 'receipt' ? receiptName.pack(target.receipt) : messageName.pack(target.message),
  unpack: (packed) =>
    (packed as unknown[]).length > 3
      ? { kind: 'receipt', receipt: receiptName.unpack(packed) }
      : { kind: 'message', message: messageName.unpack(packed) },
};

/** Commands as they stand in the log. */
export const commandCodec: Codec<QueueCommand> = taggedCodec<QueueCommand>({
  enqueue: [0, { queue: plain(), messages: listOf(newMessage), wallMs: plain(), limits }],
  dequeue: [
    1,
    {
      queue: plain(),
      group: plain(),
      consumer: plain(),
      max: plain(),
      bytesMax: plain(),
      visibilityMs: plain(),
      waitMs: plain(),
      waitNumber: plain(),
      rememberMs: plain(),
      inFlightMax: plain(),
      shardWaitersMax: plain(),
      shardQueuesMax: plain(),
    },
  ],
  'cancel-wait': [2, { wait: waitName, asker: plain() }],
  ack: [3, { receipts: listOf(receiptName) }],
  'ack-message': [4, { message: messageName }],
  nack: [5, { target: nackTarget, delayMs: plain(), error: plain() }],
  extend: [6, { receipt: receiptName, visibilityMs: plain() }],
  return: [7, { receipts: listOf(receiptName) }],
  confirm: [8, { upTo: plain() }],
  define: [9, { queue: plain(), change, shardQueuesMax: plain() }],
  purge: [10, { queue: plain() }],
  delete: [11, { queue: plain() }],
  redrive: [12, { queue: plain(), after: plain(), upTo: plain() }],
  'accept-letters': [13, { fromShard: plain(), letters: listOf(numberedLetter) }],
  'letters-accepted': [14, { byShard: plain(), upTo: plain() }],
});
