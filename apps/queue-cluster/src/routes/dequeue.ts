import { invariant, type LogIndex } from '@quorate/raft';
import {
  defineRoute,
  replyOrProblem,
  type Context,
  type Outcome,
  type Route,
} from '@quorate/service-kit';
import { z } from 'zod';
import { problem } from '../problems.ts';
import type { Shard, WaitResult } from '../shards/shard.ts';
import type { Delivered, QueueReply } from '../state-machine/commands.ts';
import { defaultQueue } from '../state-machine/settings.ts';
import { waitKey } from '../state-machine/wait.ts';
import { deliveredJson } from './delivered-json.ts';
import { optionsFor, roomOf, shardOf, type Desk } from './desk.ts';
import { dequeueBody } from './schemas.ts';

const route = '/queue/deq';
const rememberMs = 120_000;
/** The log ends a wait; the caller's connection is given this much longer before it is given up. */
const graceMs = 5_000;

const jsonHeaders = { 'content-type': 'application/json; charset=utf-8' };

export const dequeueRoute = (desk: Desk): Route => {
  let lastWait = 0;
  return defineRoute({
    method: 'post',
    path: route,
    hot: true,
    tag: 'messages',
    summary: 'Take messages, each leased for its visibility time',
    description:
      'An empty list when there is none, after `wait_ms` at the latest. At most one message of a key is out at a time.',
    request: { body: dequeueBody },
    responses: {
      200: {
        description: 'What was taken',
        body: z.strictObject({ messages: z.array(delivered) }),
      },
    },
    problems: ['group_required'],
    handler: async ({ body }, context): Promise<Outcome> => {
      const waitMs = body.wait_ms ?? 0;
      const { waitMaxMs, groupInFlightMax, answerBytesMax } = desk.config;
      if (waitMs > waitMaxMs)
        return problem('invalid_request', `wait_ms: takes at most ${waitMaxMs}`);
      const queue = body.queue ?? defaultQueue;
      const shard = shardOf(desk, queue);
      const refusal = waitMs > 0 ? context.park(waitMs + graceMs) : undefined;
      if (refusal !== undefined) return refusal;
      lastWait += 1;
      const asker = lastWait;
      const room = roomOf(desk, shard);
      const place = waitMs > 0 ? shard.parking.takePlace() : undefined;
      try {
        const outcome = await shard.propose(
          {
            kind: 'dequeue',
            queue,
            group: body.group,
            consumer: body.consumer_id,
            max: body.max ?? 1,
            bytesMax: answerBytesMax,
            visibilityMs: body.visibility_ms,
            waitMs,
            waitNumber: asker,
            rememberMs: body.request_id === undefined ? 0 : rememberMs,
            inFlightMax: groupInFlightMax,
            shardWaitersMax: room.waiters,
            shardQueuesMax: room.queues,
          },
          optionsFor(route, body, context, body.consumer_id),
        );
        const reply = replyOrProblem(outcome);
        if (reply.kind === 'problem') return reply;
        if (
          reply.kind === 'delivered' &&
          (outcome.kind === 'applied' || outcome.kind === 'repeated')
        ) {
          return hand(desk, shard, reply.messages, outcome.index);
        }
        if (reply.kind !== 'waiting') return refusalOf(reply);
        const woken = await place!.wait(waitKey(reply.wait), context.signal);
        if (woken.kind === 'woken') return afterWait(desk, shard, woken.result, context);
        if (woken.kind === 'left') shard.tell({ kind: 'cancel-wait', wait: reply.wait, asker });
        return empty;
      } finally {
        place?.close();
      }
    },
  });
};

const delivered = z
  .strictObject({
    msg_id: z.string(),
    receipt: z.string(),
    queue: z.string(),
    group: z.string(),
    key: z.string().nullable(),
    value: z.unknown(),
    headers: z.record(z.string(), z.string()),
    priority: z.int(),
    deliveries: z.int(),
    enqueued_at: z.iso.datetime(),
    dead_letter: z.looseObject({}).optional(),
  })
  .meta({ id: 'DeliveredMessage' });

const empty: Outcome = { status: 200, body: { messages: [] } };

function afterWait(desk: Desk, shard: Shard, result: WaitResult, context: Context): Outcome {
  if (result.kind === 'served') {
    if (!context.signal.aborted) return hand(desk, shard, result.messages, result.index);
    shard.returnMessages(result.messages);
    return empty;
  }
  switch (result.why) {
    case 'queue-deleted':
      return problem('not_found', 'The queue was deleted while this request waited.');
    case 'group-removed':
      return problem('not_found', 'The consumer group was removed while this request waited.');
    case 'timeout':
    case 'cancelled':
    case 'node-gone':
      return empty;
  }
}

function hand(desk: Desk, shard: Shard, messages: readonly Delivered[], index: LogIndex): Outcome {
  if (messages.length === 0) return empty;
  shard.confirmations.begin(index);
  desk.metrics.dequeued.inc(messages.length);
  for (const { waitedMs } of messages) desk.metrics.deliveryLatency.observe(waitedMs / 1_000);
  const body = deliveredJson(messages);
  shard.confirmations.end(index);
  return { status: 200, body, headers: jsonHeaders };
}

function refusalOf(reply: QueueReply): Outcome {
  if (reply.kind === 'handed') {
    // A snapshot passed over the entry: what it gave is known by its receipts only, until asked again.
    return problem(
      'outcome_unknown',
      'Messages were taken but not answered. Repeat the request with the same request_id.',
    );
  }
  if (reply.kind === 'not-found') {
    return problem(
      'not_found',
      reply.what === 'queue'
        ? 'The queue was deleted while this request waited.'
        : 'This queue has no such consumer group.',
    );
  }
  if (reply.kind === 'group-required') {
    const groups = [...reply.groups];
    return problem('group_required', 'Name one of the groups of this queue.', { groups });
  }
  invariant(reply.kind === 'full', `dequeue was answered ${reply.kind}`);
  return problem('overloaded', `Nothing was taken: ${reply.what}.`);
}
