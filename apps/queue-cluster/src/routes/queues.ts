import { invariant } from '@quorate/raft';
import { defineRoute, isProblem, takesPost, type Outcome, type Route } from '@quorate/service-kit';
import { z } from 'zod';
import { problem } from '../problems.ts';
import type { QueueCommand, SettingsChange } from '../state-machine/commands.ts';
import { deadLetterCycle } from '../state-machine/dead-letter-cycle.ts';
import { defaultSettings, type QueueSettings } from '../state-machine/settings.ts';
import { optionsFor, roomOf, shardOf, type Desk } from './desk.ts';
import { peekQueue } from './peek.ts';
import { describeQueue, queueReport, settingsBody } from './queue-report.ts';
import { redriveRoute } from './redrive.ts';
import { defineBody, deleteQuery, emptyBody, peekBody, queueParams } from './schemas.ts';

/** Paths of their own: a queue of that name is seen in the list of all. */
const verbs = new Set(['enq', 'deq', 'ack', 'nack', 'extend']);

const noQueue = (queue: string): Outcome => problem('not_found', `There is no queue "${queue}".`);

export const queueRoutes = (desk: Desk): readonly Route[] => [
  defineRoute({
    method: 'put',
    path: '/queue/{queue}',
    tag: 'queues',
    summary: 'Create a queue, or change what is named',
    request: { params: queueParams, body: defineBody },
    responses: {
      200: { description: 'Changed', body: z.looseObject({ queue: z.string() }) },
      201: { description: 'Created', body: z.looseObject({ queue: z.string() }) },
    },
    problems: ['dead_letter_cycle'],
    handler: async ({ params: { queue }, body }, context): Promise<Outcome> => {
      const { visibility_ms, max_deliveries, dead_letter_queue, retention_ms, backoff, groups } =
        body;
      const change = {
        visibilityMs: visibility_ms,
        maxDeliveries: max_deliveries,
        deadLetterQueue: dead_letter_queue,
        retentionMs: retention_ms,
        backoff: backoff && { baseMs: backoff.base_ms, maxMs: backoff.max_ms },
        groups,
      };
      const options = optionsFor(`PUT /queue/${queue}`, body, context);
      const shard = shardOf(desk, queue);
      const cycle = cycleThrough(desk, queue, change);
      if (cycle !== undefined) return inCircles(cycle);
      const shardQueuesMax = roomOf(desk, shard).queues;
      const reply = await shard.ask({ kind: 'define', queue, change, shardQueuesMax }, options);
      if (isProblem(reply)) return reply;
      if (reply.kind === 'dead-letter-cycle') return inCircles(reply.queues);
      if (reply.kind === 'full')
        return problem('overloaded', `Nothing was created: ${reply.what}.`);
      invariant(reply.kind === 'defined', `define was answered ${reply.kind}`);
      const settings: QueueSettings = reply.settings;
      return { status: reply.created ? 201 : 200, body: { queue, ...settingsBody(settings) } };
    },
  }),
  defineRoute({
    method: 'get',
    path: '/queue',
    tag: 'queues',
    summary: 'All queues, with their gauges',
    responses: {
      200: { description: 'In no order', body: z.strictObject({ queues: z.array(queueReport) }) },
    },
    handler: async (_, { deadlineMs }): Promise<Outcome> => {
      const perShard = await Promise.all(
        desk.shards.map((shard) =>
          shard.read(deadlineMs, ({ byName }) =>
            [...byName.values()].map((queue) => describeQueue(shard, queue)),
          ),
        ),
      );
      const queues: object[] = [];
      for (const list of perShard) {
        if ('kind' in list) return list;
        queues.push(...list);
      }
      return { status: 200, body: { queues } };
    },
  }),
  defineRoute({
    method: 'get',
    path: '/queue/{queue}',
    tag: 'queues',
    summary: 'One queue: settings, gauges, shard and its leader',
    request: { params: queueParams },
    responses: { 200: { description: 'The queue', body: queueReport } },
    problems: ['method_not_allowed'],
    handler: async ({ params: { queue } }, { deadlineMs }): Promise<Outcome> => {
      if (verbs.has(queue)) return takesPost(`/queue/${queue}`, '/queue');
      const shard = shardOf(desk, queue);
      const found = await shard.read(deadlineMs, ({ byName }) => {
        const one = byName.get(queue);
        return one === undefined ? undefined : { report: describeQueue(shard, one) };
      });
      if (found === undefined) return noQueue(queue);
      return 'report' in found ? { status: 200, body: found.report } : found;
    },
  }),
  defineRoute({
    method: 'post',
    path: '/queue/{queue}/peek',
    readOnly: true,
    tag: 'queues',
    summary: 'Look at the first messages without taking them',
    request: { params: queueParams, body: peekBody },
    responses: {
      200: {
        description: 'In order',
        body: z.strictObject({ messages: z.array(z.looseObject({})) }),
      },
    },
    handler: async ({ params: { queue }, body }, { deadlineMs }): Promise<Outcome> => {
      const found = await shardOf(desk, queue).read(deadlineMs, (state) =>
        peekQueue(state, queue, {
          group: body.group,
          max: body.max ?? 10,
          bytesMax: desk.config.answerBytesMax,
        }),
      );
      if (found === 'no-queue') return noQueue(queue);
      if (found === 'no-group')
        return problem('not_found', 'This queue has no such consumer group.');
      if (!Buffer.isBuffer(found)) return found;
      return {
        status: 200,
        body: found,
        headers: { 'content-type': 'application/json; charset=utf-8' },
      };
    },
  }),
  change(desk, 'purge', 'Drop every message of the queue', (queue) => ({ kind: 'purge', queue })),
  redriveRoute(desk),
  defineRoute({
    method: 'delete',
    path: '/queue/{queue}',
    tag: 'queues',
    summary: 'Delete the queue with its messages; whoever waits on it is told',
    request: { params: queueParams, query: deleteQuery },
    responses: {
      200: { description: 'Deleted', body: z.strictObject({ deleted: z.literal(true) }) },
    },
    handler: async ({ params: { queue }, query }, context): Promise<Outcome> => {
      const options = optionsFor(`DELETE /queue/${queue}`, query, context);
      const reply = await shardOf(desk, queue).ask({ kind: 'delete', queue }, options);
      if (isProblem(reply)) return reply;
      return reply.kind === 'not-found' ? noQueue(queue) : { status: 200, body: { deleted: true } };
    },
  }),
];

/**
 * Each shard refuses a circle among its own queues by itself. One that leads through other shards is
 * seen here, as this node knows them at the moment.
 */
function cycleThrough(
  desk: Desk,
  queue: string,
  { maxDeliveries, deadLetterQueue }: SettingsChange,
): readonly string[] | undefined {
  const known = (name: string) => shardOf(desk, name).state.byName.get(name)?.settings;
  return deadLetterCycle(queue, (name) => {
    const settings = known(name) ?? defaultSettings(name);
    if (name !== queue) return settings;
    return {
      maxDeliveries: maxDeliveries ?? settings.maxDeliveries,
      deadLetterQueue: deadLetterQueue ?? settings.deadLetterQueue,
    };
  });
}

const inCircles = (queues: readonly string[]): Outcome =>
  problem(
    'dead_letter_cycle',
    `Dead letters would go ${queues.join(' → ')}: one of these queues must have max_deliveries 0.`,
    { queues: [...queues] },
  );

function change(
  desk: Desk,
  verb: 'purge',
  summary: string,
  command: (queue: string) => QueueCommand,
): Route {
  return defineRoute({
    method: 'post',
    path: `/queue/{queue}/${verb}`,
    tag: 'queues',
    summary,
    request: { params: queueParams, body: emptyBody },
    responses: { 200: { description: 'How many', body: z.strictObject({ purged: z.int() }) } },
    handler: async ({ params: { queue }, body }, context): Promise<Outcome> => {
      const options = optionsFor(`POST /queue/${queue}/${verb}`, body, context);
      const reply = await shardOf(desk, queue).ask(command(queue), options);
      if (isProblem(reply)) return reply;
      if (reply.kind !== 'purged') return noQueue(queue);
      return { status: 200, body: { purged: reply.messages } };
    },
  });
}
