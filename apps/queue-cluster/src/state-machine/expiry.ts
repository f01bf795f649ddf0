import type { Message } from './message.ts';
import { rankOf } from './timers.ts';

/** The end of a message's time to live. It stands among the timers until it has come. */
export class Expiry {
  readonly kind = 'expiry';
  readonly rank = rankOf.expiry;
  readonly message: Message;
  readonly number: number;
  readonly dueAtMs: number;
  heapIndex = -1;
  /** Some group will not see the message because its time was over, and that was told. */
  missed = false;

  constructor(message: Message, dueAtMs: number) {
    this.message = message;
    this.number = message.number;
    this.dueAtMs = dueAtMs;
  }
}
