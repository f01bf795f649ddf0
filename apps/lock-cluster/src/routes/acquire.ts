import { defineRoute, type Outcome, type Route } from '@quorate/service-kit';
import { waitId } from '../state-machine/index.ts';
import { answerGrant, grantedBody, queuedBody } from './answers.ts';
import { counted, optionsFor, tooLong, type Desk } from './desk.ts';
import { acquireBody, convertBody, keysOf, ticketBody } from './schemas.ts';

const grantProblems = ['lock_held', 'wait_timeout', 'wait_cancelled', 'deadlock', 'grant_ended'];
const grantResponses = {
  200: { description: 'Held, with its fencing token', body: grantedBody },
  202: { description: 'In line, under a ticket', body: queuedBody },
};

export const acquireRoutes = (desk: Desk): readonly Route[] => [
  defineRoute({
    method: 'post',
    path: '/lock/acquire',
    hot: true,
    tag: 'locks',
    summary: 'Acquire one lock, or several all or nothing',
    description:
      'A holder that asks again in a mode its hold covers keeps its token and renews its lease; in another mode it converts.',
    request: { body: acquireBody },
    responses: grantResponses,
    problems: [...grantProblems, 'wrong_algorithm'],
    handler: async ({ body }, context): Promise<Outcome> => {
      const refusal = tooLong(desk, body);
      if (refusal !== undefined) return refusal;
      const keys = (body.keys ?? [{ key: body.key!, mode: body.mode }]).map((one) => ({
        key: one.key,
        mode: one.mode ?? 'X',
      }));
      const { client_id: client, wait_ms: waitMs = 0 } = body;
      return counted(desk, async () => {
        const reply = await desk.locks.askAndWait(
          { about: { client, keys: keys.map((one) => one.key) }, waitMs },
          (call) => ({
            kind: 'acquire',
            client,
            keys,
            ttlMs: body.ttl_ms ?? desk.config.ttlDefaultMs,
            waitMs,
            queue: body.queue ?? false,
            lockDelayMs: body.lock_delay_ms,
            call,
          }),
          { context, options: optionsFor('/lock/acquire', body, context) },
        );
        return answerGrant(reply, {
          clockMs: desk.locks.clockMs,
          single: body.keys === undefined,
        });
      });
    },
  }),
  defineRoute({
    method: 'post',
    path: '/lock/convert',
    tag: 'locks',
    summary: 'Change the mode of a held lock, up or down',
    description: 'An upgrade waits before all arrivals and gets a new token.',
    request: { body: convertBody },
    responses: grantResponses,
    problems: [...grantProblems, 'not_holder'],
    handler: async ({ body }, context): Promise<Outcome> => {
      const refusal = tooLong(desk, body);
      if (refusal !== undefined) return refusal;
      const keys = keysOf(body);
      const { client_id: client, mode, wait_ms: waitMs = 0 } = body;
      return counted(desk, async () => {
        const reply = await desk.locks.askAndWait(
          { about: { client, keys }, waitMs },
          (call) => ({ kind: 'convert', client, keys, mode, waitMs, call }),
          { context, options: optionsFor('/lock/convert', body, context) },
        );
        return answerGrant(reply, {
          clockMs: desk.locks.clockMs,
          single: body.keys === undefined,
        });
      });
    },
  }),
  defineRoute({
    method: 'post',
    path: '/lock/ticket',
    tag: 'locks',
    summary: 'What became of a queued request',
    description:
      'A ticket that nobody asks for in 10 s leaves the line, and a grant that came meanwhile is released.',
    request: { body: ticketBody },
    responses: grantResponses,
    problems: ['wait_timeout', 'wait_cancelled', 'deadlock', 'not_holder'],
    handler: async ({ body }, context): Promise<Outcome> => {
      const refusal = tooLong(desk, body);
      if (refusal !== undefined) return refusal;
      const { ticket, wait_ms: waitMs = 0 } = body;
      const reply = await desk.locks.askAndWait(
        { about: undefined, waitMs },
        (call) => ({ kind: 'ticket', ticket: waitId(ticket), waitMs, call }),
        { context, options: optionsFor('/lock/ticket', body, context) },
      );
      const single = !('holds' in reply) || reply.holds.length === 1;
      return answerGrant(reply, { clockMs: desk.locks.clockMs, single });
    },
  }),
];
