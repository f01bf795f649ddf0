import { defineRoute, isProblem, type Outcome, type Route } from '@quorate/service-kit';
import { z } from 'zod';
import { fencingToken, waitId } from '../state-machine/index.ts';
import { answerRefusal, heldKeyBody, heldKeys } from './answers.ts';
import { optionsFor, tooLong, type Desk } from './desk.ts';
import { cancelBody, keyParams, keysOf, releaseBody, renewBody } from './schemas.ts';

const token = (value: number | undefined) =>
  value === undefined ? undefined : fencingToken(value);

/** What a holder, or one who waits, does with what it has. */
export const holdRoutes = (desk: Desk): readonly Route[] => [
  defineRoute({
    method: 'post',
    path: '/lock/release',
    hot: true,
    tag: 'locks',
    summary: 'Release locks, all or none',
    request: { body: releaseBody },
    responses: {
      200: { description: 'Free', body: z.strictObject({ released: z.literal(true) }) },
    },
    problems: ['not_holder', 'token_mismatch'],
    handler: async ({ body }, context): Promise<Outcome> => {
      const reply = await desk.locks.ask(
        {
          kind: 'release',
          client: body.client_id,
          keys: keysOf(body),
          token: token(body.fencing_token),
        },
        optionsFor('/lock/release', body, context),
      );
      if (isProblem(reply)) return reply;
      if (reply.kind !== 'released') return answerRefusal(reply);
      return { status: 200, body: { released: true } };
    },
  }),
  defineRoute({
    method: 'post',
    path: '/lock/renew',
    hot: true,
    tag: 'locks',
    summary: 'Begin the leases anew; without a key, of everything the client holds',
    request: { body: renewBody },
    responses: {
      200: {
        description: 'What is held, and for how long',
        body: z.strictObject({ renewed: z.literal(true), client_id: z.string(), locks: heldKeys }),
      },
    },
    problems: ['not_holder', 'token_mismatch'],
    handler: async ({ body }, context): Promise<Outcome> => {
      const refusal = tooLong(desk, body);
      if (refusal !== undefined) return refusal;
      const named = body.key !== undefined || body.keys !== undefined;
      const reply = await desk.locks.ask(
        {
          kind: 'renew',
          client: body.client_id,
          keys: named ? keysOf(body) : undefined,
          ttlMs: body.ttl_ms,
          token: token(body.fencing_token),
        },
        optionsFor('/lock/renew', body, context),
      );
      if (isProblem(reply)) return reply;
      if (reply.kind !== 'renewed') return answerRefusal(reply);
      const { clockMs } = desk.locks;
      const locks = reply.holds.map((hold) => heldKeyBody(hold, clockMs));
      return { status: 200, body: { renewed: true, client_id: body.client_id, locks } };
    },
  }),
  defineRoute({
    method: 'post',
    path: '/lock/cancel',
    tag: 'locks',
    summary: 'Give up a place in the queue',
    request: { body: cancelBody },
    responses: {
      200: {
        description: 'How many waits ended',
        body: z.strictObject({ cancelled: z.literal(true), waits: z.int() }),
      },
    },
    handler: async ({ body }, context): Promise<Outcome> => {
      const reply = await desk.locks.ask(
        body.ticket === undefined
          ? { kind: 'cancel', client: body.client_id!, key: body.key! }
          : { kind: 'cancel', ticket: waitId(body.ticket) },
        optionsFor('/lock/cancel', body, context),
      );
      if (isProblem(reply)) return reply;
      if (reply.kind !== 'cancelled') return answerRefusal(reply);
      return { status: 200, body: { cancelled: true, waits: reply.waits } };
    },
  }),
  defineRoute({
    method: 'delete',
    path: '/lock/{key}',
    tag: 'locks',
    summary: 'Forget which algorithm a key was used with',
    request: { params: keyParams },
    responses: {
      200: { description: 'Forgotten', body: z.strictObject({ deleted: z.boolean() }) },
    },
    handler: async ({ params: { key } }, { deadlineMs }): Promise<Outcome> => {
      const reply = await desk.locks.ask({ kind: 'delete-key', key }, { deadlineMs });
      if (isProblem(reply)) return reply;
      if (reply.kind !== 'deleted') return answerRefusal(reply);
      return { status: 200, body: { deleted: reply.existed } };
    },
  }),
];
