import type { DeadLetter } from './commands.ts';
import { Expiry } from './expiry.ts';
import type { Linked } from './linked-line.ts';
import type { Queue } from './queue.ts';
import type { Slot } from './slot.ts';

export interface MessageContent {
  readonly key: string | undefined;
  readonly value: string;
  readonly priority: number;
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly wallMs: number;
  readonly dead: DeadLetter | undefined;
}

/**
 * A message stands in its queue until every group that was to see it has acked it. There may be
 * millions, each of which the collector has to walk: so it is one object with one more per group, its
 * content is part of it, and what few have stands elsewhere.
 */
export class Message implements Linked<Message>, MessageContent {
  readonly queue: Queue;
  /** Grows along the shard's log: the order of the queue. */
  readonly number: number;
  readonly key: string | undefined;
  readonly value: string;
  readonly priority: number;
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly wallMs: number;
  readonly dead: DeadLetter | undefined;
  readonly enqueuedAtMs: number;
  /** The end of its own time to live; nothing when only the queue's retention bounds it. */
  readonly expiry: Expiry | undefined;
  /** What counts against the limits. */
  readonly size: number;
  /** The others follow as siblings, in the order of the groups when it was enqueued. */
  firstSlot: Slot | undefined = undefined;
  previous: Message | undefined = undefined;
  next: Message | undefined = undefined;

  constructor(
    queue: Queue,
    number: number,
    born: { readonly atMs: number; readonly dueAtMs: number | undefined },
    content: MessageContent,
  ) {
    this.queue = queue;
    this.number = number;
    this.key = content.key;
    this.value = content.value;
    this.priority = content.priority;
    this.headers = content.headers;
    this.wallMs = content.wallMs;
    this.dead = content.dead;
    this.enqueuedAtMs = born.atMs;
    this.expiry = born.dueAtMs === undefined ? undefined : new Expiry(this, born.dueAtMs);
    this.size = sizeOf(content);
  }

  /** Decided already, in whatever state its parts are: nobody is to see it again. */
  get purged(): boolean {
    return this.number <= this.queue.purgedTo;
  }

  isOver(atMs: number): boolean {
    return this.expiry !== undefined && this.expiry.dueAtMs <= atMs;
  }

  /** A list of its own, which does not change when slots leave. */
  get slots(): readonly Slot[] {
    const slots: Slot[] = [];
    for (let slot = this.firstSlot; slot !== undefined; slot = slot.sibling) slots.push(slot);
    return slots;
  }

  addSlot(slot: Slot): void {
    let last = this.firstSlot;
    while (last?.sibling !== undefined) last = last.sibling;
    if (last === undefined) this.firstSlot = slot;
    else last.sibling = slot;
  }

  removeSlot(slot: Slot): void {
    if (this.firstSlot === slot) {
      this.firstSlot = slot.sibling;
      return;
    }
    let before = this.firstSlot;
    while (before !== undefined && before.sibling !== slot) before = before.sibling;
    if (before !== undefined) before.sibling = slot.sibling;
  }
}

export const contentOf = ({
  key,
  value,
  priority,
  headers,
  wallMs,
  dead,
}: MessageContent): MessageContent => ({ key, value, priority, headers, wallMs, dead });

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
