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

const kind = 'message';

/**
 * A message stands in its queue until every group that was to see it has acked it. There may be
 * millions: what is the same for all of them stands on the prototype.
 */
export class Message implements Linked<Message> {
  readonly queue: Queue;
  /** Grows along the shard's log: the order of the queue. */
  readonly number: number;
  readonly content: MessageContent;
  readonly enqueuedAtMs: number;
  /** The end of its own time to live; infinity when only the queue's retention bounds it. */
  readonly dueAtMs: number;
  /** What counts against the limits. */
  readonly size: number;
  slots: Slot[] = [];
  /** Its time to live has still to end; false when it has none, or ended while it was in flight. */
  timed: boolean;
  /** Some group will not see it because its time was over, and that was told. */
  missed = false;
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
    this.size = sizeOf(content);
    this.timed = born.dueAtMs !== Infinity;
  }

  get kind(): typeof kind {
    return kind;
  }

  get rank(): number {
    return rankOf.message;
  }

  /** Decided already, in whatever state its parts are: nobody is to see it again. */
  get purged(): boolean {
    return this.number <= this.queue.purgedTo;
  }
}

interface Sized {
  readonly value: string;
  readonly key?: string | undefined;
  readonly headers?: MessageContent['headers'];
  readonly dead?: DeadLetter | undefined;
}

/** About the bytes of memory that its texts take. */
export function sizeOf({ key, value, headers, dead }: Sized): number {
  let size = textSize(value);
  if (key !== undefined) size += textSize(key);
  for (const name in headers) size += textSize(name) + textSize(headers[name]!);
  if (dead?.lastError !== undefined) size += textSize(dead.lastError);
  return size;
}

// The engine keeps two bytes per character as soon as one does not fit into one.
const wide = /[^\0-\xff]/;
const textSize = (text: string): number => (wide.test(text) ? 2 * text.length : text.length);
