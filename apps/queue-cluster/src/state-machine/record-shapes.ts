import type { DeadLetter, Letter, WaitName } from './commands.ts';
import type { MessageName, ReceiptName } from './message-id.ts';
import type { Backoff, QueueSettings } from './settings.ts';
import { listOf, optional, plain, struct, texts } from './shape.ts';

/** The records that commands, replies and snapshots have in common. */

export const waitName = struct<WaitName>({ node: plain(), incarnation: plain(), number: plain() });

export const messageName = struct<MessageName>({
  shard: plain(),
  queue: plain(),
  sequence: plain(),
});

export const receiptName = struct<ReceiptName>({
  shard: plain(),
  queue: plain(),
  sequence: plain(),
  group: plain(),
  attempt: plain(),
});

export const backoff = struct<Backoff>({ baseMs: plain(), maxMs: plain() });

export const settings = struct<QueueSettings>({
  visibilityMs: plain(),
  maxDeliveries: plain(),
  deadLetterQueue: plain(),
  retentionMs: plain(),
  backoff: optional(backoff),
  groups: listOf(plain()),
});

export const deadLetter = struct<DeadLetter>({
  queue: plain(),
  group: plain(),
  msgId: plain(),
  deliveries: plain(),
  reason: plain(),
  lastError: plain(),
  enqueuedAtMs: plain(),
});

export const letter = struct<Letter>({
  to: struct<Letter['to']>({ queue: plain(), group: plain() }),
  key: plain(),
  value: plain(),
  priority: plain(),
  headers: optional(texts),
  wallMs: plain(),
  dead: optional(deadLetter),
});
