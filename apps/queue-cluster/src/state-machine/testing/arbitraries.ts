import type { LogIndex } from '@quorate/raft';
import fc from 'fast-check';
import type { DeadLetter, Letter, QueueCommand, QueueReply } from '../commands.ts';

/** Commands and replies of every kind, for what must hold for all of them. */

type CommandOf<K extends QueueCommand['kind']> = Extract<QueueCommand, { kind: K }>;
type ReplyOf<K extends QueueReply['kind']> = Extract<QueueReply, { kind: K }>;

const name = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' });
const count = fc.nat();
const ms = fc.oneof(count, fc.double({ min: 0, max: 1e12, noNaN: true }));
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const headers = fc.dictionary(fc.oneof(name, fc.constant('__proto__')), fc.string());

const wait = fc.record({ node: name, incarnation: count, number: count });
const message = fc.record({ shard: count, queue: count, sequence: count });
const receipt = fc.record({
  shard: count,
  queue: count,
  sequence: count,
  group: count,
  attempt: count,
});
const dead: fc.Arbitrary<DeadLetter> = fc.record({
  queue: name,
  group: name,
  msgId: name,
  deliveries: count,
  reason: fc.constantFrom('nacked' as const, 'lease-expired' as const),
  lastError: maybe(fc.string()),
  enqueuedAtMs: ms,
});
const letter: fc.Arbitrary<Letter> = fc.record({
  to: fc.record({ queue: name, group: maybe(name) }),
  key: maybe(name),
  value: fc.json(),
  priority: fc.nat(9),
  headers: maybe(headers),
  wallMs: ms,
  dead: maybe(dead),
});
const backoff = fc.record({ baseMs: count, maxMs: count });

const commands: { readonly [K in QueueCommand['kind']]: fc.Arbitrary<Omit<CommandOf<K>, 'kind'>> } =
  {
    enqueue: fc.record({
      queue: name,
      messages: fc.array(
        fc.record({
          value: fc.json(),
          key: maybe(name),
          delayMs: maybe(count),
          ttlMs: maybe(count),
          priority: maybe(fc.nat(9)),
          headers: maybe(headers),
          dedupId: maybe(name),
        }),
        { maxLength: 4 },
      ),
      wallMs: ms,
      limits: fc.record({
        queueMessagesMax: count,
        queueBytesMax: count,
        shardMessagesMax: fc.integer(),
        shardBytesMax: fc.integer(),
        shardDedupIdsMax: fc.integer(),
        shardQueuesMax: fc.integer(),
      }),
    }),
    dequeue: fc.record({
      queue: name,
      group: maybe(name),
      consumer: maybe(name),
      max: count,
      bytesMax: count,
      visibilityMs: maybe(count),
      waitMs: count,
      waitNumber: count,
      rememberMs: count,
      inFlightMax: count,
      shardWaitersMax: fc.integer(),
      shardQueuesMax: fc.integer(),
    }),
    'cancel-wait': fc.record({ wait, asker: count }),
    ack: fc.record({ receipts: fc.array(receipt) }),
    'ack-message': fc.record({ message }),
    nack: fc.record({
      target: fc.oneof(
        fc.record({ kind: fc.constant('receipt' as const), receipt }),
        fc.record({ kind: fc.constant('message' as const), message }),
      ),
      delayMs: maybe(count),
      error: maybe(fc.string()),
    }),
    extend: fc.record({ receipt, visibilityMs: count }),
    return: fc.record({ receipts: fc.array(receipt) }),
    confirm: fc.record({ upTo: count as fc.Arbitrary<LogIndex> }),
    define: fc.record({
      queue: name,
      change: fc.record({
        visibilityMs: maybe(count),
        maxDeliveries: maybe(count),
        deadLetterQueue: maybe(name),
        retentionMs: maybe(count),
        backoff: maybe(backoff),
        groups: maybe(fc.array(name)),
      }),
      shardQueuesMax: fc.integer(),
    }),
    purge: fc.record({ queue: name }),
    delete: fc.record({ queue: name }),
    redrive: fc.record({ queue: name, after: count, upTo: count }),
    'accept-letters': fc.record({
      fromShard: count,
      letters: fc.array(fc.record({ number: count, letter }), { maxLength: 3 }),
    }),
    'letters-accepted': fc.record({ byShard: count, upTo: count }),
  };

const replies: {
  readonly [K in Exclude<QueueReply['kind'], 'delivered'>]: fc.Arbitrary<Omit<ReplyOf<K>, 'kind'>>;
} = {
  enqueued: fc.record({
    messages: fc.array(fc.record({ msgId: name, duplicate: fc.boolean() })),
  }),
  handed: fc.record({ receipts: fc.array(name) }),
  waiting: fc.record({ wait }),
  acked: fc.record({
    results: fc.array(fc.constantFrom('acked' as const, 'stale' as const, 'not-found' as const)),
  }),
  nacked: fc.record({ deadLettered: fc.boolean() }),
  extended: fc.record({ dueAtMs: ms }),
  defined: fc.record({
    created: fc.boolean(),
    settings: fc.record({
      visibilityMs: count,
      maxDeliveries: count,
      deadLetterQueue: name,
      retentionMs: count,
      backoff: maybe(backoff),
      groups: fc.array(name),
    }),
  }),
  purged: fc.record({ messages: count }),
  deleted: fc.constant({}),
  redriving: fc.record({ moved: count, more: fc.boolean(), after: count, upTo: count }),
  done: fc.constant({}),
  'letters-seen': fc.record({ upTo: count }),
  stale: fc.constant({}),
  'receipt-required': fc.constant({}),
  'not-found': fc.record({
    what: fc.constantFrom('queue' as const, 'group' as const, 'message' as const),
  }),
  'group-required': fc.record({ groups: fc.array(name) }),
  'dead-letter-cycle': fc.record({ queues: fc.array(name) }),
  full: fc.record({ what: name }),
};

export const anyCommand = anyOf<QueueCommand>(commands);
export const anyReply = anyOf<Exclude<QueueReply, { kind: 'delivered' }>>(replies);

function anyOf<T extends { kind: string }>(
  kinds: Readonly<Record<string, fc.Arbitrary<object>>>,
): fc.Arbitrary<T> {
  const arbitraries = Object.entries(kinds).map(([kind, fields]) =>
    fields.map((value) => ({ kind, ...value })),
  );
  return fc.oneof(...arbitraries) as unknown as fc.Arbitrary<T>;
}
