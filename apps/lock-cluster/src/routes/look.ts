import { defineRoute, isProblem, takesPost, type Outcome, type Route } from '@quorate/service-kit';
import { z } from 'zod';
import { fencingToken, type LockView } from '../state-machine/index.ts';
import type { Desk } from './desk.ts';
import { keyParams, listQuery, readQuery, verifyBody } from './schemas.ts';

const lockBody = z
  .strictObject({
    key: z.string(),
    holders: z.array(
      z.strictObject({
        client_id: z.string(),
        mode: z.string(),
        fencing_token: z.int(),
        expires_in_ms: z.number(),
      }),
    ),
    waiters: z
      .array(
        z.strictObject({
          client_id: z.string(),
          mode: z.string(),
          ticket: z.int().nullable(),
          conversion: z.boolean(),
          suspended: z.boolean().describe('Its node is gone; it keeps its place until asked again'),
        }),
      )
      .describe('In order'),
    delayed_for_ms: z.number().nullable().describe('A lock delay runs; nobody gets it before'),
  })
  .meta({ id: 'Lock' });

function describeLock(
  { key, holders, waiters, delayedUntilMs }: LockView,
  clockMs: number,
): z.infer<typeof lockBody> {
  const left = (untilMs: number): number => Math.max(0, Math.round(untilMs - clockMs));
  return {
    key,
    holders: holders.map(({ client, mode, token, expiresAtMs }) => ({
      client_id: client,
      mode,
      fencing_token: token,
      expires_in_ms: left(expiresAtMs),
    })),
    waiters: waiters.map(({ client, mode, wait, ticket, conversion, suspended }) => ({
      client_id: client,
      mode,
      ticket: ticket ? wait : null,
      conversion,
      suspended,
    })),
    delayed_for_ms: delayedUntilMs === undefined ? null : left(delayedUntilMs),
  };
}

/** Paths of their own: a lock of that name is not looked at by its path. */
const verbs = new Set(['acquire', 'release', 'renew', 'convert', 'ticket', 'cancel', 'verify']);

const graphEdgesMax = 10_000;

/** Looking changes nothing; it is linearizable unless the caller is content with less. */
export const lookRoutes = (desk: Desk): readonly Route[] => [
  defineRoute({
    method: 'get',
    path: '/lock',
    tag: 'looking',
    summary: 'Locks that are held or waited for, by key',
    request: { query: listQuery },
    responses: {
      200: {
        description: 'In the order of their keys',
        body: z.strictObject({ locks: z.array(lockBody), more: z.boolean() }),
      },
    },
    handler: async ({ query }, { deadlineMs }): Promise<Outcome> => {
      const found = await desk.locks.read(query.consistency, deadlineMs, (table) =>
        table.list(query.prefix ?? '', query.limit ?? 100),
      );
      if ('code' in found) return found;
      const { clockMs } = desk.locks;
      const locks = found.locks.map((one) => describeLock(one, clockMs));
      return { status: 200, body: { locks, more: found.more } };
    },
  }),
  defineRoute({
    method: 'get',
    path: '/lock/wait-graph',
    tag: 'looking',
    summary: 'Who waits for whom',
    request: { query: readQuery },
    responses: {
      200: { description: 'The edges', body: z.looseObject({ edges: z.array(z.looseObject({})) }) },
    },
    handler: async ({ query }, { deadlineMs }): Promise<Outcome> => {
      const found = await desk.locks.read(query.consistency, deadlineMs, (table) =>
        table.waitGraph(graphEdgesMax),
      );
      if ('code' in found) return found;
      const edges = found.edges.map(({ client, waitsFor, ...edge }) => ({
        client_id: client,
        waits_for: waitsFor,
        ...edge,
      }));
      return { status: 200, body: { edges, more: found.more } };
    },
  }),
  defineRoute({
    method: 'get',
    path: '/lock/{key}',
    tag: 'looking',
    summary: 'One lock: holders, waiters in order, tokens, remaining leases',
    request: { params: keyParams, query: readQuery },
    responses: { 200: { description: 'The lock', body: lockBody } },
    problems: ['method_not_allowed'],
    handler: async ({ params: { key }, query }, { deadlineMs }): Promise<Outcome> => {
      if (verbs.has(key)) return takesPost(`/lock/${key}`, `/lock?prefix=${key}`);
      const found = await desk.locks.read(query.consistency, deadlineMs, (table) => ({
        lock: table.view(key),
      }));
      if (isProblem(found)) return found;
      const free: LockView = { key, holders: [], waiters: [], delayedUntilMs: undefined };
      return { status: 200, body: describeLock(found.lock ?? free, desk.locks.clockMs) };
    },
  }),
  defineRoute({
    method: 'post',
    path: '/lock/verify',
    readOnly: true,
    tag: 'looking',
    summary: 'Whether a lock is held under this fencing token',
    request: { body: verifyBody },
    responses: {
      200: {
        description: 'The verdict',
        body: z.strictObject({ valid: z.boolean(), current_token: z.int().nullable() }),
      },
    },
    handler: async ({ body }, { deadlineMs }): Promise<Outcome> => {
      const verdict = await desk.locks.read('linearizable', deadlineMs, (table) =>
        table.verify(body.key, fencingToken(body.fencing_token)),
      );
      if ('code' in verdict) return verdict;
      const { valid, current = null } = verdict;
      return { status: 200, body: { valid, current_token: current } };
    },
  }),
];
