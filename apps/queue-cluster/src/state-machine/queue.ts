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
}

/**
 * A queue lives whole in one shard. Its own timer has two tasks: messages older than the retention,
 * and the rest of a purge, which is decided at once but carried out in bounded steps.
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

  groupByNumber(number: number): ConsumerGroup | undefined {
    for (const group of this.groups.values()) if (group.number === number) return group;
    return undefined;
  }

  wakeAt(dueAtMs: number): void {
    if (this.heapIndex !== -1) this.#timers.remove(this);
    this.dueAtMs = dueAtMs;
    if (dueAtMs !== Infinity) this.#timers.push(this);
  }
}
