import { invariant, type ProposeOptions } from '@quorate/raft';
import {
  defineRoute,
  isProblem,
  type Context,
  type Outcome,
  type Problem,
  type Route,
} from '@quorate/service-kit';
import { z } from 'zod';
import { problem } from '../problems.ts';
import { optionsFor, shardOf, type Desk } from './desk.ts';
import { emptyBody, queueParams } from './schemas.ts';

type Body = z.infer<typeof emptyBody>;

/** The state machine moves a bounded number at a time; this goes on until none is left. */
export const redriveRoute = (desk: Desk): Route =>
  defineRoute({
    method: 'post',
    path: '/queue/{queue}/redrive',
    tag: 'queues',
    summary: 'Move the dead letters of this queue back to the groups that gave them up',
    description:
      'Letters that a consumer has in hand stay, and so do those whose group is gone. With a `request_id` a redrive that was cut short goes on where it stopped, and adds up to the same number.',
    request: { params: queueParams, body: emptyBody },
    responses: { 200: { description: 'How many', body: z.strictObject({ redriven: z.int() }) } },
    handler: async ({ params: { queue }, body }, context): Promise<Outcome> => {
      const shard = shardOf(desk, queue);
      let redriven = 0;
      let after = 0;
      let upTo = 0;
      for (let step = 0; ; step++) {
        const options = stepOptions(queue, step, body, context);
        const reply = await shard.ask({ kind: 'redrive', queue, after, upTo }, options);
        if (isProblem(reply)) return redriven === 0 ? reply : cutShort(redriven);
        // Deleted meanwhile: what was moved until then was moved.
        if (reply.kind === 'not-found' && step > 0) return { status: 200, body: { redriven } };
        if (reply.kind === 'not-found')
          return problem('not_found', `There is no queue "${queue}".`);
        invariant(reply.kind === 'redriving', `redrive was answered ${reply.kind}`);
        redriven += reply.moved;
        if (!reply.more) return { status: 200, body: { redriven } };
        ({ after, upTo } = reply);
      }
    },
  });

/** Each step is remembered under an id of its own; the first has the caller's, lest that be reused. */
function stepOptions(queue: string, step: number, body: Body, context: Context): ProposeOptions {
  const route = `POST /queue/${queue}/redrive`;
  if (step === 0) return optionsFor(route, body, context);
  return optionsFor(route, body, context, `${context.caller}\0redrive step ${step}`);
}

/** A step was refused, but those before it were not. */
const cutShort = (redriven: number): Problem =>
  problem(
    'outcome_unknown',
    `${redriven} dead letters were moved, then the redrive was cut short. Repeat it, with the same request_id if it had one.`,
  );
