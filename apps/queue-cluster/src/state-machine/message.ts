import type { DeadLetter } from './commands.ts';
import type { Linked } from './linked-line.ts';
import type { Queue } from './queue.ts';
import type { Slot } from './slot.ts';
import { rankOf } from './timers.ts';

export interface MessageContent {
  readonly key: string | undefined;
  readonly value: string;
  readonly priority: number;
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly wallMs: number;
  readonly dead: DeadLetter | undefined;
}

/** A message stands in its queue until every group that was to see it has acked it. */
export class Message implements Linked<Message> {
  readonly kind = 'message';
  readonly rank = rankOf.message;
  readonly queue: Queue;
  /** Grows along the shard's log: the order of the queue. */
  readonly number: number;
  readonly content: MessageContent;
  readonly enqueuedAtMs: number;
  /** The end of its own time to live; infinity when only the queue's retention bounds it. */
  readonly dueAtMs: number;
  readonly slots: Slot[] = [];
  /** Its time to live has still to end; false when it has none, or ended while it was in flight. */
  timed: boolean;
  heapIndex = -1;
  previous: Message | undefined = undefined;
  next: Message | undefined = undefined;

  constructor(
    queue: Queue,
    number: number,
    born: { atMs: number; dueAtMs: number },
    content: MessageContent,
  ) {
    this.queue = queue;
    this.number = number;
    this.content = content;
    this.enqueuedAtMs = born.atMs;
    this.dueAtMs = born.dueAtMs;
    this.timed = born.dueAtMs !== Infinity;
  }

  /** What counts against the limits: the payload, in characters. */
  get size(): number {
    return this.content.value.length + (this.content.key?.length ?? 0);
  }
}
