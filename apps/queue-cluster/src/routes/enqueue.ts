import { invariant } from '@quorate/raft';
import { defineRoute, isProblem, type Outcome, type Route } from '@quorate/service-kit';
import { z } from 'zod';
import { problem } from '../problems.ts';
import type { NewMessage } from '../state-machine/commands.ts';
import { defaultQueue } from '../state-machine/settings.ts';
import { limitsOf, optionsFor, shardOf, type Desk } from './desk.ts';
import { enqueueBody } from './schemas.ts';

const route = '/queue/enq';
const enqueued = z.strictObject({ msg_id: z.string(), duplicate: z.boolean().optional() });

type Body = z.infer<typeof enqueueBody>;
type Item = NonNullable<Body['messages']>[number];

export const enqueueRoute = (desk: Desk): Route =>
  defineRoute({
    method: 'post',
    path: route,
    hot: true,
    tag: 'messages',
    summary: 'Enqueue one message, or up to a thousand',
    description:
      'Answered when a majority has the messages on disk. A batch goes into one entry of the log: all of it or nothing.',
    request: { body: enqueueBody },
    responses: {
      200: {
        description: 'Where the messages are known from now on',
        body: z.union([enqueued, z.strictObject({ messages: z.array(enqueued) })]),
      },
    },
    handler: async ({ body }, context): Promise<Outcome> => {
      const items: readonly Item[] = body.messages ?? [{ ...body, value: body.value! }];
      const messages = items.map(newMessage);
      const { messageBytesMax } = desk.config;
      if (messages.some((one) => bytesOf(one) > messageBytesMax)) {
        return problem(
          'payload_too_large',
          `A message holds at most ${messageBytesMax} bytes, key and headers included.`,
        );
      }
      const queue = body.queue ?? defaultQueue;
      const shard = shardOf(desk, queue);
      const limits = limitsOf(desk, shard);
      const reply = await shard.ask(
        { kind: 'enqueue', queue, messages, wallMs: Date.now(), limits },
        optionsFor(route, body, context),
      );
      if (isProblem(reply)) return reply;
      if (reply.kind === 'full')
        return problem('overloaded', `Nothing was enqueued: ${reply.what}.`);
      invariant(reply.kind === 'enqueued', `enqueue was answered ${reply.kind}`);
      desk.metrics.enqueued.inc(reply.messages.length);
      const answers = reply.messages.map(({ msgId, duplicate }) =>
        duplicate ? { msg_id: msgId, duplicate } : { msg_id: msgId },
      );
      return {
        status: 200,
        body: body.messages === undefined ? answers[0] : { messages: answers },
      };
    },
  });

function bytesOf({ value, key, headers }: NewMessage): number {
  let bytes = Buffer.byteLength(value) + Buffer.byteLength(key ?? '');
  for (const name in headers) bytes += Buffer.byteLength(name) + Buffer.byteLength(headers[name]!);
  return bytes;
}

const newMessage = (item: Item): NewMessage => ({
  key: item.key,
  value: JSON.stringify(item.value),
  delayMs: item.delay_ms,
  ttlMs: item.ttl_ms,
  priority: item.priority,
  headers: item.headers,
  dedupId: item.dedup_id,
});
