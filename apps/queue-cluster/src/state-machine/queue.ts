import { ConsumerGroup } from './consumer-group.ts';
import { LinkedLine } from './linked-line.ts';
import type { Message } from './message.ts';
import type { QueueSettings } from './settings.ts';
import { rankOf, type Timers } from './timers.ts';

/** What a snapshot keeps of a queue besides its messages. */
export interface QueueRecord {
  readonly number: number;
  readonly name: string;
  readonly settings: QueueSettings;
  readonly groupNumbers: readonly number[];
  readonly nextGroupNumber: number;
  readonly deadLettered: number;
  readonly purgedTo: number;
  readonly deleted: boolean;
  readonly dueAtMs: number;
  readonly leaving: readonly (readonly [name: string, number: number])[];
  /** The message at which the sweep stands. */
  readonly sweepAt: number | undefined;
}

/**
 * A queue lives whole in one shard. Its own timer has three tasks: messages older than the retention,
 * the rest of a purge, and the sweep that takes from removed groups what they were still to see. The
 * last two are decided at once but carried out in bounded steps.
 */
export class Queue {
  readonly kind = 'queue';
  readonly rank = rankOf.queue;
  readonly number: number;
  readonly name: string;
  settings: QueueSettings;
  readonly groups = new Map<string, ConsumerGroup>();
  readonly messages = new LinkedLine<Message>();
  messageCount = 0;
  size = 0;
  nextGroupNumber = 0;
  deadLettered = 0;
  /** Messages up to this number are purged, whether or not they are taken apart yet. */
  purgedTo = 0;
  /** Its name is free again; what is left of it is being taken apart. */
  deleted = false;
  /** Removed groups whose messages are not swept yet, by number. */
  readonly leaving = new Map<number, ConsumerGroup>();
  /** The next message to sweep. */
  sweep: Message | undefined = undefined;
  #sweepAt: number | undefined;
  dueAtMs = Infinity;
  heapIndex = -1;
  readonly #timers: Timers;

  constructor(name: string, number: number, settings: QueueSettings, timers: Timers) {
    this.name = name;
    this.number = number;
    this.settings = settings;
    this.#timers = timers;
    for (const group of settings.groups) this.addGroup(group);
  }

  static restore(record: QueueRecord, timers: Timers): Queue {
    const queue = new Queue(record.name, record.number, { ...record.settings, groups: [] }, timers);
    queue.settings = record.settings;
    for (const [i, name] of record.settings.groups.entries()) {
      queue.groups.set(name, new ConsumerGroup(name, record.groupNumbers[i]!, queue, timers));
    }
    queue.nextGroupNumber = record.nextGroupNumber;
    queue.deadLettered = record.deadLettered;
    queue.purgedTo = record.purgedTo;
    queue.deleted = record.deleted;
    for (const [name, number] of record.leaving) {
      const group = new ConsumerGroup(name, number, queue, timers);
      group.removed = true;
      queue.leaving.set(number, group);
    }
    queue.#sweepAt = record.sweepAt;
    queue.wakeAt(record.dueAtMs);
    return queue;
  }

  record(): QueueRecord {
    return {
      number: this.number,
      name: this.name,
      settings: this.settings,
      groupNumbers: this.settings.groups.map((name) => this.groups.get(name)!.number),
      nextGroupNumber: this.nextGroupNumber,
      deadLettered: this.deadLettered,
      purgedTo: this.purgedTo,
      deleted: this.deleted,
      dueAtMs: this.dueAtMs,
      leaving: [...this.leaving.values()].map(({ name, number }) => [name, number] as const),
      sweepAt: this.sweep?.number,
    };
  }

  /** True while a purge is being carried out: nothing is given out until it is. */
  get purging(): boolean {
    const { first } = this.messages;
    return first !== undefined && first.number <= this.purgedTo;
  }

  addGroup(name: string): ConsumerGroup {
    const group = new ConsumerGroup(name, this.nextGroupNumber, this, this.#timers);
    this.nextGroupNumber += 1;
    this.groups.set(name, group);
    return group;
  }

  /** The group stays known by its number until nothing refers to it. */
  removeGroup(group: ConsumerGroup): void {
    group.removed = true;
    this.groups.delete(group.name);
    this.leaving.set(group.number, group);
    this.sweep = this.messages.first;
  }

  groupByNumber(number: number): ConsumerGroup | undefined {
    for (const group of this.groups.values()) if (group.number === number) return group;
    return this.leaving.get(number);
  }

  /** At the end of the line; a restored one may be where the sweep stood. */
  stand(message: Message): void {
    this.messages.push(message);
    this.messageCount += 1;
    this.size += message.size;
    if (message.number === this.#sweepAt) this.sweep = message;
  }

  leave(message: Message): void {
    if (this.sweep === message) this.sweep = message.next;
    this.messages.remove(message);
    this.messageCount -= 1;
    this.size -= message.size;
  }

  wakeAt(dueAtMs: number): void {
    if (this.heapIndex !== -1) this.#timers.remove(this);
    this.dueAtMs = dueAtMs;
    if (dueAtMs !== Infinity) this.#timers.push(this);
  }
}
