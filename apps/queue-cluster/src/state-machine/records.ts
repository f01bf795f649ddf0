import { invariant, type SnapshotTableOptions } from '@quorate/raft';
import type { DeadLetter, Letter, WaitName } from './commands.ts';
import { Message, sizeOf } from './message.ts';
import { Queue, type QueueRecord } from './queue.ts';
import type { ShardState } from './shard-state.ts';
import type { SlotState } from './slot.ts';
import { packr } from './tagged.ts';
import { Wait, waitKey, type WaitRequest } from './wait.ts';

type SlotRecord = readonly [
  group: number,
  state: SlotState,
  dueAtMs: number | undefined,
  deliveries: number,
  attempt: number,
  lastError: string | undefined,
  lease:
    | readonly [
        consumer: string | undefined,
        node: string,
        life: number,
        index: number,
        confirmed: boolean,
      ]
    | undefined,
];

type MessageRecord = readonly [
  number: number,
  queue: number,
  key: string | undefined,
  value: string,
  priority: number,
  headers: Readonly<Record<string, string>> | undefined,
  wallMs: number,
  dead: DeadLetter | undefined,
  enqueuedAtMs: number,
  expiry: readonly [dueAtMs: number, ahead: boolean, missed: boolean] | undefined,
  slots: readonly SlotRecord[],
];

interface WaitRecord {
  readonly name: WaitName;
  readonly answerer: WaitName;
  readonly number: number;
  readonly dueAtMs: number;
  readonly queue: number;
  readonly group: number;
  readonly request: WaitRequest;
}

interface Codecs {
  readonly queues: SnapshotTableOptions<number, Queue>;
  readonly messages: SnapshotTableOptions<number, Message>;
  readonly waits: SnapshotTableOptions<string, Wait>;
  readonly outbox: SnapshotTableOptions<string, Letter>;
}

/**
 * How the tables stand in a snapshot. Tables are restored in this order, so that a message finds its
 * queue, and a wait its group. States are kept as they were and not derived anew: whether a delay
 * that is over has been noticed yet must be the same on the node that restores.
 */
export const recordCodecs = (state: ShardState): Codecs => ({
  queues: {
    encode: (_, queue) => packr.pack(queue.record()),
    decode(bytes) {
      const record = packr.unpack(bytes) as QueueRecord;
      return [record.number, Queue.restore(record, state.timers)];
    },
    restored(_, queue) {
      if (!queue.deleted) state.byName.set(queue.name, queue);
    },
  },
  messages: {
    encode: (_, message) => packr.pack(messageRecord(message)),
    decode(bytes) {
      const message = messageOf(state, packr.unpack(bytes) as MessageRecord);
      return [message.number, message];
    },
    restored: (_, message) => state.standMessage(message),
  },
  waits: {
    encode: (_, wait) => packr.pack(waitRecord(wait)),
    decode(bytes) {
      const wait = waitOf(state, packr.unpack(bytes) as WaitRecord);
      return [waitKey(wait.name), wait];
    },
    restored(key, wait) {
      wait.group.waits.set(key, wait);
      state.timers.push(wait);
    },
  },
  outbox: {
    ...plainRecord<Letter>(),
    restored(_, letter) {
      state.size += sizeOf(letter);
    },
  },
});

/** Values that are data through and through stand in a snapshot as they are. */
export const plainRecord = <V>(): Pick<SnapshotTableOptions<string, V>, 'encode' | 'decode'> => ({
  encode: (key, value) => packr.pack([key, value]),
  decode: (bytes) => packr.unpack(bytes) as [string, V],
});

function messageRecord(message: Message): MessageRecord {
  const { expiry } = message;
  return [
    message.number,
    message.queue.number,
    message.key,
    message.value,
    message.priority,
    message.headers,
    message.wallMs,
    message.dead,
    message.enqueuedAtMs,
    expiry && [expiry.dueAtMs, expiry.heapIndex !== -1, expiry.missed],
    message.slots.map(({ group, state, dueAtMs, deliveries, attempt, lastError, lease }) => [
      group.number,
      state,
      dueAtMs,
      deliveries,
      attempt,
      lastError,
      lease && [lease.consumer, lease.node, lease.incarnation, lease.index, lease.confirmed],
    ]),
  ];
}

function messageOf(state: ShardState, record: MessageRecord): Message {
  const [number, queueNumber, key, value, priority, headers, wallMs, dead, ...rest] = record;
  const [atMs, expiry, slots] = rest;
  const queue = state.queues.get(queueNumber);
  invariant(queue !== undefined, 'a message is restored after its queue');
  const content = { key, value, priority, headers, wallMs, dead };
  const message = new Message(queue, number, { atMs, dueAtMs: expiry?.[0] }, content);
  if (message.expiry !== undefined) {
    message.expiry.missed = expiry![2];
    if (expiry![1]) state.timers.push(message.expiry);
  }
  for (const slot of slots) restoreSlot(state, message, slot);
  return message;
}

function restoreSlot(state: ShardState, message: Message, record: SlotRecord): void {
  const [groupNumber, slotState, dueAtMs, deliveries, attempt, lastError, lease] = record;
  const group = message.queue.groupByNumber(groupNumber);
  invariant(group !== undefined, 'a slot is restored after its group');
  const stood = { state: slotState, dueAtMs, deliveries, attempt, lastError };
  const slot = group.restore(message, stood);
  if (lease === undefined) return;
  const [consumer, node, incarnation, index, confirmed] = lease;
  slot.lease = { slot, consumer, node, incarnation, index, confirmed };
  if (!confirmed) state.rememberLease(slot.lease);
}

function waitRecord(wait: Wait): WaitRecord {
  return {
    name: wait.name,
    answerer: wait.answerer,
    number: wait.number,
    dueAtMs: wait.dueAtMs,
    queue: wait.group.queue.number,
    group: wait.group.number,
    request: wait.request,
  };
}

function waitOf(state: ShardState, record: WaitRecord): Wait {
  const group = state.queues.get(record.queue)?.groupByNumber(record.group);
  invariant(group !== undefined, 'a wait is restored after its group');
  return new Wait(record, group, record.request);
}
