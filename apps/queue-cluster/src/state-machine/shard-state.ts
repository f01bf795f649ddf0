import { SnapshotTable } from '@quorate/raft';
import type { Letter, QueueEvent, QueueReply, WaitName } from './commands.ts';
import type { ConsumerGroup } from './consumer-group.ts';
import { Message, sizeOf, type MessageContent } from './message.ts';
import {
  formatMessageId,
  formatReceipt,
  type MessageName,
  type ReceiptName,
} from './message-id.ts';
import { Queue } from './queue.ts';
import { RecentTable } from './recent-table.ts';
import { plainRecord, recordCodecs } from './records.ts';
import { defaultSettings, type QueueSettings } from './settings.ts';
import type { Lease, Slot } from './slot.ts';
import { createTimers } from './timers.ts';
import { lifeKey, Wait, waitKey, type WaitRequest } from './wait.ts';

export interface ShardOptions {
  readonly shard: number;
  /** Which shard a queue lives in: the hash ring, the same on every node. */
  readonly shardOf: (queue: string) => number;
}

/** A `dedup_id` that was seen, and the message it made. */
export interface Seen {
  readonly messageId: string;
  readonly untilMs: number;
}

/** How a wait ended, for the caller who asks again: receipts suffice, the messages are in their queue. */
export interface Given {
  readonly receipts: readonly string[];
  readonly why: 'served' | 'timeout' | 'queue-deleted' | 'group-removed';
  readonly untilMs: number;
}

export const tooManyQueues: QueueReply = { kind: 'full', what: 'there are too many queues' };

/**
 * All that one shard knows, and the few moves of which every command is made. What is in tables goes
 * into snapshots; lines, heaps and counts are rebuilt from them. A value is changed only after its
 * table was told (`touch`), because a snapshot may be under way.
 */
export class ShardState {
  readonly options: ShardOptions;
  readonly timers = createTimers();
  readonly queues: SnapshotTable<number, Queue>;
  readonly messages: SnapshotTable<number, Message>;
  readonly waits: SnapshotTable<string, Wait>;
  readonly seen = new RecentTable<Seen>(plainRecord());
  readonly given = new RecentTable<Given>(plainRecord());
  /** Letters to other shards, numbered per shard, until these say they have them. */
  readonly outbox: SnapshotTable<string, Letter>;
  readonly byName = new Map<string, Queue>();
  /** Deliveries whose answer is not known to have left, by the node's life that gives it. */
  readonly unconfirmed = new Map<string, Set<Lease>>();
  /** Groups that may have something to give to those who wait; what one entry leaves over is state. */
  readonly stirred = new Set<ConsumerGroup>();
  counters = { queue: 0, message: 0, wait: 0 };
  readonly lettersSent = new Map<number, number>();
  readonly lettersSeen = new Map<number, number>();
  /** Per shard, up to where it has taken in what was sent: the outbox begins after it. */
  readonly lettersDone = new Map<number, number>();
  /** What counts against the limits, letters on their way included. */
  size = 0;
  events: QueueEvent[] = [];

  constructor(options: ShardOptions) {
    this.options = options;
    const codecs = recordCodecs(this);
    this.queues = new SnapshotTable(codecs.queues);
    this.messages = new SnapshotTable(codecs.messages);
    this.waits = new SnapshotTable(codecs.waits);
    this.outbox = new SnapshotTable(codecs.outbox);
  }

  takeEvents(): readonly QueueEvent[] {
    const { events } = this;
    if (events.length > 0) this.events = [];
    return events;
  }

  touch(message: Message): void {
    this.messages.change(message.number);
  }

  touchQueue(queue: Queue): void {
    this.queues.change(queue.number);
  }

  openQueue(name: string): Queue {
    return this.byName.get(name) ?? this.createQueue(name, defaultSettings(name));
  }

  createQueue(name: string, settings: QueueSettings): Queue {
    this.counters.queue += 1;
    const queue = new Queue(name, this.counters.queue, settings, this.timers);
    this.queues.set(queue.number, queue);
    this.byName.set(name, queue);
    return queue;
  }

  /** A message that exists and is not purged. */
  findMessage(name: MessageName): Message | undefined {
    if (name.shard !== this.options.shard) return undefined;
    const message = this.messages.get(name.sequence);
    if (message?.queue.number !== name.queue || message.queue.deleted) return undefined;
    return message.purged ? undefined : message;
  }

  findSlot(name: ReceiptName): Slot | undefined {
    let slot = this.findMessage(name)?.firstSlot;
    while (slot !== undefined && slot.group.number !== name.group) slot = slot.sibling;
    return slot?.group.removed === false ? slot : undefined;
  }

  messageId(message: Message): string {
    return formatMessageId({
      shard: this.options.shard,
      queue: message.queue.number,
      sequence: message.number,
    });
  }

  receipt({ message, group, attempt }: Slot): string {
    return formatReceipt({
      shard: this.options.shard,
      queue: message.queue.number,
      sequence: message.number,
      group: group.number,
      attempt,
    });
  }

  /** A new message at the end of its queue, for the groups named. */
  addMessage(
    queue: Queue,
    content: MessageContent,
    when: {
      readonly atMs: number;
      readonly notBeforeMs: number;
      readonly expiresAtMs: number | undefined;
    },
    groups: Iterable<ConsumerGroup>,
  ): Message {
    this.counters.message += 1;
    const born = { atMs: when.atMs, dueAtMs: when.expiresAtMs };
    const message = new Message(queue, this.counters.message, born, content);
    for (const group of groups) {
      group.enter(message, when.notBeforeMs, when.atMs);
      this.stir(group);
    }
    this.standMessage(message);
    if (message.expiry !== undefined) this.timers.push(message.expiry);
    this.messages.set(message.number, message);
    if (queue.dueAtMs === Infinity) {
      this.touchQueue(queue);
      queue.wakeAt(when.atMs + queue.settings.retentionMs);
    }
    return message;
  }

  /** Puts a message, new or restored, into what is counted. */
  standMessage(message: Message): void {
    message.queue.stand(message);
    this.size += message.size;
  }

  /** Something may have become ready: whoever waits for it is served before the entry ends. */
  stir(group: ConsumerGroup): void {
    if (group.waits.size > 0) this.stirred.add(group);
  }

  addWait(
    place: { readonly name: WaitName; readonly answerer: WaitName; readonly dueAtMs: number },
    group: ConsumerGroup,
    request: WaitRequest,
  ): void {
    this.counters.wait += 1;
    const wait = new Wait({ ...place, number: this.counters.wait }, group, request);
    this.waits.set(waitKey(wait.name), wait);
    group.waits.set(waitKey(wait.name), wait);
    this.timers.push(wait);
    this.stir(group);
  }

  addLetter(key: string, letter: Letter): void {
    this.outbox.set(key, letter);
    this.size += sizeOf(letter);
  }

  dropLetter(key: string): void {
    const letter = this.outbox.get(key);
    if (letter === undefined) return;
    this.outbox.delete(key);
    this.size -= sizeOf(letter);
  }

  tellExpired(message: Message): void {
    if (message.expiry?.missed === true) return;
    if (message.expiry !== undefined) message.expiry.missed = true;
    this.events.push({ kind: 'expired', queue: message.queue.name, messages: 1 });
  }

  /** One group is done with the message; when all are, it is gone. */
  settle(slot: Slot, atMs: number): void {
    const { message } = slot;
    this.touch(message);
    this.forgetLease(slot);
    // Before it changes: a snapshot under way must not show the head still out and its successor ready.
    if (slot.previous === undefined && slot.next !== undefined) this.touch(slot.next.message);
    slot.group.leave(slot, atMs);
    this.stir(slot.group);
    message.removeSlot(slot);
    if (message.firstSlot === undefined) this.#drop(message);
  }

  /** The message is gone for every group, whatever they were doing with it. */
  discard(message: Message, atMs: number): void {
    if (message.firstSlot === undefined) this.#drop(message);
    else for (const slot of message.slots) this.settle(slot, atMs);
  }

  giveBack(slot: Slot, notBeforeMs: number, atMs: number): void {
    const { message, group } = slot;
    this.touch(message);
    // Nobody is left to see it again: its group is gone, or its time to live ended while it was out.
    if (group.removed) {
      this.settle(slot, atMs);
    } else if (message.isOver(atMs)) {
      this.tellExpired(message);
      this.settle(slot, atMs);
    } else {
      this.forgetLease(slot);
      group.giveBack(slot, notBeforeMs, atMs);
      this.stir(group);
    }
  }

  rememberLease(lease: Lease): void {
    const key = lifeKey(lease);
    const leases = this.unconfirmed.get(key);
    if (leases === undefined) this.unconfirmed.set(key, new Set([lease]));
    else leases.add(lease);
  }

  forgetLease(slot: Slot): void {
    const { lease } = slot;
    if (lease === undefined || lease.confirmed) return;
    const key = lifeKey(lease);
    const leases = this.unconfirmed.get(key);
    leases?.delete(lease);
    if (leases?.size === 0) this.unconfirmed.delete(key);
  }

  endWait(wait: Wait): void {
    wait.group.waits.delete(waitKey(wait.name));
    if (wait.heapIndex !== -1) this.timers.remove(wait);
    this.waits.delete(waitKey(wait.name));
  }

  #drop(message: Message): void {
    const { queue } = message;
    // The sweep moves on, which a snapshot under way must not show.
    if (queue.sweep === message) this.touchQueue(queue);
    queue.leave(message);
    this.size -= message.size;
    const { expiry } = message;
    if (expiry !== undefined && expiry.heapIndex !== -1) this.timers.remove(expiry);
    this.messages.delete(message.number);
  }
}
