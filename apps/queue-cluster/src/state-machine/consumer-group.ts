import { invariant } from '@quorate/raft';
import { LinkedLine } from './linked-line.ts';
import type { Message } from './message.ts';
import type { Queue } from './queue.ts';
import { ReadyLine } from './ready-line.ts';
import { Slot, type Lease } from './slot.ts';
import type { Timers } from './timers.ts';
import type { Wait } from './wait.ts';

/**
 * One group's view of a queue: what it may be given now, what rests, what is out. A message returns
 * to its own place by construction, since the ready line is ordered by the message's number.
 *
 *            enter                    lease
 *   (new) ──────────► blocked/ready ────────► in-flight ──► leave (acked, dead, expired)
 *                        ▲     ▲                  │
 *                        │     └── delayed ◄──────┘ giveBack
 *                        └── the head of its key has left
 */
export class ConsumerGroup {
  readonly name: string;
  readonly number: number;
  readonly queue: Queue;
  readonly waits = new Map<string, Wait>();
  readonly #timers: Timers;
  /** Within a key order is order, so only the head of a key stands here. */
  readonly #ready = new ReadyLine();
  readonly #keys = new Map<string, LinkedLine<Slot>>();
  depth = 0;
  delayed = 0;
  inFlight = 0;
  /** Its queue has it no more; what it was still to see is being taken from it. */
  removed = false;

  constructor(name: string, number: number, queue: Queue, timers: Timers) {
    this.name = name;
    this.number = number;
    this.queue = queue;
    this.#timers = timers;
  }

  get ready(): number {
    return this.#ready.size;
  }

  /** A new message; it may not be given out before `notBeforeMs`. */
  enter(message: Message, notBeforeMs: number, atMs: number): void {
    const slot = this.#stand(message);
    if (notBeforeMs > atMs) slot.dueAtMs = notBeforeMs;
    if (this.#isHead(slot)) this.#place(slot, atMs);
  }

  /** A slot as a snapshot described it; slots come in the order of their messages. */
  restore(
    message: Message,
    state: Pick<Slot, 'state' | 'dueAtMs' | 'deliveries' | 'attempt' | 'lastError'>,
  ): Slot {
    const slot = this.#stand(message);
    Object.assign(slot, state);
    if (slot.state === 'ready') this.#ready.push(slot);
    else if (slot.state !== 'blocked') this.#rest(slot);
    return slot;
  }

  /** The next slot in line, or nothing. It stays where it is. */
  peek(): Slot | undefined {
    return this.#ready.first;
  }

  lease(slot: Slot, lease: Lease, untilMs: number): void {
    invariant(slot.state === 'ready', 'only a ready message is leased');
    this.#ready.remove(slot);
    slot.state = 'in-flight';
    slot.dueAtMs = untilMs;
    slot.deliveries += 1;
    slot.attempt += 1;
    slot.lease = lease;
    this.#rest(slot);
  }

  extend(slot: Slot, untilMs: number): void {
    invariant(slot.state === 'in-flight', 'only a lease is extended');
    this.#timers.remove(slot);
    slot.dueAtMs = untilMs;
    this.#timers.push(slot);
  }

  /** Back to its own place, not to be given out before `notBeforeMs`. */
  giveBack(slot: Slot, notBeforeMs: number, atMs: number): void {
    invariant(slot.state === 'in-flight', 'only what is out comes back');
    this.#wake(slot);
    slot.lease = undefined;
    slot.dueAtMs = notBeforeMs;
    this.#place(slot, atMs);
  }

  /** A delay is over. */
  release(slot: Slot): void {
    invariant(slot.state === 'delayed', 'only what rests is released');
    this.#wake(slot);
    slot.state = 'ready';
    this.#ready.push(slot);
  }

  /** Done with, whatever its state was; returns the slot of its key that is placed instead. */
  leave(slot: Slot, atMs: number): Slot | undefined {
    if (slot.state === 'ready') this.#ready.remove(slot);
    else if (slot.state !== 'blocked') this.#wake(slot);
    this.depth -= 1;
    const { key } = slot.message;
    const line = key === undefined ? undefined : this.#keys.get(key);
    if (key === undefined || line === undefined) return undefined;
    const wasHead = line.first === slot;
    line.remove(slot);
    if (line.first === undefined) this.#keys.delete(key);
    if (!wasHead || line.first === undefined) return undefined;
    this.#place(line.first, atMs);
    return line.first;
  }

  #stand(message: Message): Slot {
    const slot = new Slot(message, this);
    message.addSlot(slot);
    this.depth += 1;
    const { key } = message;
    if (key === undefined) return slot;
    let line = this.#keys.get(key);
    if (line === undefined) this.#keys.set(key, (line = new LinkedLine()));
    line.push(slot);
    return slot;
  }

  #isHead(slot: Slot): boolean {
    return slot.previous === undefined;
  }

  #place(slot: Slot, atMs: number): void {
    invariant(this.#isHead(slot), 'only the head of a key is offered');
    if (slot.dueAtMs !== undefined && slot.dueAtMs > atMs) {
      slot.state = 'delayed';
      this.#rest(slot);
    } else {
      slot.state = 'ready';
      this.#ready.push(slot);
    }
  }

  /** From here on the slot stands among the timers: a lease that ends or a delay that passes. */
  #rest(slot: Slot): void {
    if (slot.state === 'in-flight') this.inFlight += 1;
    else this.delayed += 1;
    this.#timers.push(slot);
  }

  #wake(slot: Slot): void {
    if (slot.state === 'in-flight') this.inFlight -= 1;
    else this.delayed -= 1;
    this.#timers.remove(slot);
  }
}
