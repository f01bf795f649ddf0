import type { LogIndex } from '@quorate/raft';
import type { MessageName, ReceiptName } from './message-id.ts';
import type { Backoff, QueueSettings } from './settings.ts';

/**
 * Limits travel with the commands they bound. Were they read from each node's own configuration inside
 * `apply`, two nodes configured differently would decide differently about one entry.
 */
export interface EnqueueLimits {
  readonly queueMessagesMax: number;
  readonly queueBytesMax: number;
  /** What the node has left for this shard, beside what its other shards hold. */
  readonly shardMessagesMax: number;
  readonly shardBytesMax: number;
  readonly shardDedupIdsMax: number;
  readonly shardQueuesMax: number;
}

export interface NewMessage {
  readonly key?: string | undefined;
  /** JSON text: it is never looked into, and is answered as it came. */
  readonly value: string;
  readonly delayMs?: number | undefined;
  readonly ttlMs?: number | undefined;
  readonly priority?: number | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly dedupId?: string | undefined;
}

/** One life of one node: the process that holds a caller's connection. */
export interface NodeLife {
  readonly node: string;
  readonly incarnation: number;
}

/** A caller that waits for messages, named after the life it first came in by. */
export interface WaitName extends NodeLife {
  readonly number: number;
}

export interface SettingsChange {
  readonly visibilityMs?: number | undefined;
  readonly maxDeliveries?: number | undefined;
  readonly deadLetterQueue?: string | undefined;
  readonly retentionMs?: number | undefined;
  readonly backoff?: Backoff | undefined;
  readonly groups?: readonly string[] | undefined;
}

/** What a dead letter remembers of its life as a message. */
export interface DeadLetter {
  readonly queue: string;
  readonly group: string;
  readonly msgId: string;
  readonly deliveries: number;
  readonly reason: 'nacked' | 'lease-expired';
  readonly lastError: string | undefined;
  readonly enqueuedAtMs: number;
}

/** A message on its way to a queue of another shard. */
export interface Letter {
  readonly to: { readonly queue: string; readonly group: string | undefined };
  readonly key: string | undefined;
  readonly value: string;
  readonly priority: number;
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly wallMs: number;
  readonly dead: DeadLetter | undefined;
}

export interface NumberedLetter {
  readonly number: number;
  readonly letter: Letter;
}

export type QueueCommand =
  | {
      readonly kind: 'enqueue';
      readonly queue: string;
      readonly messages: readonly NewMessage[];
      /** Wall-clock time at the node it came in by: told to consumers, decides nothing. */
      readonly wallMs: number;
      readonly limits: EnqueueLimits;
    }
  | {
      readonly kind: 'dequeue';
      readonly queue: string;
      readonly group: string | undefined;
      readonly consumer: string | undefined;
      readonly max: number;
      /** A delivery ends before it is larger than this; one message is always given. */
      readonly bytesMax: number;
      readonly visibilityMs: number | undefined;
      readonly waitMs: number;
      /** Unique within the node's life. */
      readonly waitNumber: number;
      /** Keep what it was given, for a repetition of the request. */
      readonly rememberMs: number;
      readonly inFlightMax: number;
      readonly shardWaitersMax: number;
      readonly shardQueuesMax: number;
    }
  /** `asker` is the number under which that caller asked: another may have joined the wait since. */
  | { readonly kind: 'cancel-wait'; readonly wait: WaitName; readonly asker: number }
  | { readonly kind: 'ack'; readonly receipts: readonly ReceiptName[] }
  | { readonly kind: 'ack-message'; readonly message: MessageName }
  | {
      readonly kind: 'nack';
      readonly target: NackTarget;
      readonly delayMs: number | undefined;
      readonly error: string | undefined;
    }
  | { readonly kind: 'extend'; readonly receipt: ReceiptName; readonly visibilityMs: number }
  /** Deliveries whose caller is known gone: back at once, and not counted. */
  | { readonly kind: 'return'; readonly receipts: readonly ReceiptName[] }
  /** The node has answered everything that was delivered through it up to this index. */
  | { readonly kind: 'confirm'; readonly upTo: LogIndex }
  | {
      readonly kind: 'define';
      readonly queue: string;
      readonly change: SettingsChange;
      readonly shardQueuesMax: number;
    }
  | { readonly kind: 'purge'; readonly queue: string }
  | { readonly kind: 'delete'; readonly queue: string }
  /** One step; the first begins `after` 0 with `upTo` 0, the next where the reply of the last says. */
  | {
      readonly kind: 'redrive';
      readonly queue: string;
      readonly after: number;
      readonly upTo: number;
    }
  /** Letters of another shard arrive here … */
  | {
      readonly kind: 'accept-letters';
      readonly fromShard: number;
      readonly letters: readonly NumberedLetter[];
    }
  /** … and the shard that sent them may forget them. */
  | { readonly kind: 'letters-accepted'; readonly byShard: number; readonly upTo: number };

export type NackTarget =
  | { readonly kind: 'receipt'; readonly receipt: ReceiptName }
  | { readonly kind: 'message'; readonly message: MessageName };

export interface Delivered {
  readonly msgId: string;
  readonly receipt: string;
  readonly queue: string;
  readonly group: string;
  readonly key: string | undefined;
  readonly value: string;
  readonly priority: number;
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly deliveries: number;
  readonly enqueuedAtMs: number;
  /** How long it has been waiting, in cluster time. */
  readonly waitedMs: number;
  readonly dead: DeadLetter | undefined;
}

export interface Enqueued {
  readonly msgId: string;
  readonly duplicate: boolean;
}

export type Settled = 'acked' | 'stale' | 'not-found';

export type QueueReply =
  | { readonly kind: 'enqueued'; readonly messages: readonly Enqueued[] }
  | { readonly kind: 'delivered'; readonly messages: readonly Delivered[] }
  /** What is remembered of `delivered`: whoever repeats the request is given what is still out. */
  | { readonly kind: 'handed'; readonly receipts: readonly string[] }
  | { readonly kind: 'waiting'; readonly wait: WaitName }
  | { readonly kind: 'acked'; readonly results: readonly Settled[] }
  | { readonly kind: 'nacked'; readonly deadLettered: boolean }
  | { readonly kind: 'extended'; readonly dueAtMs: number }
  | { readonly kind: 'defined'; readonly created: boolean; readonly settings: QueueSettings }
  | { readonly kind: 'purged'; readonly messages: number }
  | { readonly kind: 'deleted' }
  /** `more`: this was one step; the next begins `after` this message and ends `upTo` the same one. */
  | {
      readonly kind: 'redriving';
      readonly moved: number;
      readonly more: boolean;
      readonly after: number;
      readonly upTo: number;
    }
  | { readonly kind: 'done' }
  /** Letters of that shard are taken in up to this number. */
  | { readonly kind: 'letters-seen'; readonly upTo: number }
  | { readonly kind: 'stale' }
  | { readonly kind: 'receipt-required' }
  | { readonly kind: 'not-found'; readonly what: 'queue' | 'group' | 'message' }
  | { readonly kind: 'group-required'; readonly groups: readonly string[] }
  | { readonly kind: 'dead-letter-cycle'; readonly queues: readonly string[] }
  | { readonly kind: 'full'; readonly what: string };

export type QueueEvent =
  | {
      readonly kind: 'wait-served';
      readonly wait: WaitName;
      /** Who is to answer; a wait that was asked for again is answered where it was asked last. */
      readonly answerer: NodeLife;
      readonly messages: readonly Delivered[];
    }
  | { readonly kind: 'wait-over'; readonly wait: WaitName; readonly why: WaitEnd }
  | { readonly kind: 'redelivered'; readonly queue: string; readonly group: string }
  | { readonly kind: 'dead-lettered'; readonly queue: string; readonly group: string }
  | { readonly kind: 'expired'; readonly queue: string; readonly messages: number }
  /** Letters for this shard wait in the outbox; whoever leads carries them over. */
  | { readonly kind: 'letters-waiting'; readonly toShard: number };

export type WaitEnd = 'timeout' | 'cancelled' | 'node-gone' | 'queue-deleted' | 'group-removed';
