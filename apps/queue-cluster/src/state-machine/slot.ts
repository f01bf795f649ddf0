import type { ConsumerGroup } from './consumer-group.ts';
import type { Linked } from './linked-line.ts';
import type { Message } from './message.ts';
import { rankOf } from './timers.ts';

/**
 * - `blocked`: an earlier message of its key is not done with.
 * - `ready`: stands in the group's ready line.
 * - `delayed`: the head of its key (or without one), resting until `dueAtMs`.
 * - `in-flight`: leased to a consumer until `dueAtMs`.
 */
export type SlotState = 'blocked' | 'ready' | 'delayed' | 'in-flight';

/** One delivery under way. `index` is the entry that made it, or handed it to another answerer. */
export interface Lease {
  readonly slot: Slot;
  readonly consumer: string | undefined;
  readonly node: string;
  readonly incarnation: number;
  readonly index: number;
  /** The node that delivers it has answered its caller. */
  confirmed: boolean;
}

const kind = 'slot';

/** A message as one consumer group sees it. In one place at a time: ready line or timers. */
export class Slot implements Linked<Slot> {
  readonly message: Message;
  readonly group: ConsumerGroup;
  state: SlotState = 'blocked';
  /**
   * When it is free to be given out, or its lease ends; nothing while it never rested. (Begun as a
   * number it would cost a box of its own for each of millions.)
   */
  dueAtMs: number | undefined = undefined;
  /** Deliveries that count against the message. */
  deliveries = 0;
  /** Deliveries ever made; a receipt names the one it belongs to. */
  attempt = 0;
  lease: Lease | undefined = undefined;
  lastError: string | undefined = undefined;
  heapIndex = -1;
  /** The neighbours of its key. */
  previous: Slot | undefined = undefined;
  next: Slot | undefined = undefined;
  /** The message as the next group sees it. */
  sibling: Slot | undefined = undefined;

  constructor(message: Message, group: ConsumerGroup) {
    this.message = message;
    this.group = group;
  }

  get kind(): typeof kind {
    return kind;
  }

  get rank(): number {
    return rankOf.slot + this.group.number;
  }

  get number(): number {
    return this.message.number;
  }
}
