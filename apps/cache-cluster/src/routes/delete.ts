import { defineRoute, isProblem, type Outcome, type Route } from '@quorate/service-kit';
import { z } from 'zod';
import { mismatch, refusedItem } from './answers.ts';
import { optionsFor, type Desk } from './desk.ts';
import { deleteBody, deletedItems, mdeleteBody } from './schemas.ts';
import { conditionOf, deleteAll } from './writing.ts';

export const deleteRoutes = (desk: Desk): readonly Route[] => [
  defineRoute({
    method: 'post',
    path: '/cache/delete',
    hot: true,
    tag: 'cache',
    summary: 'Deletes a key',
    request: { body: deleteBody },
    responses: {
      200: {
        description: 'Whether there was one',
        body: z.strictObject({ deleted: z.boolean() }),
      },
    },
    problems: ['version_mismatch'],
    handler: async ({ body }, context): Promise<Outcome> => {
      const one = { key: body.key, condition: conditionOf(body.if_version) };
      const [result] = await deleteAll(desk, [one], optionsFor('/cache/delete', body, context));
      if (isProblem(result!)) return result;
      if (result!.kind === 'mismatch') return mismatch(result!.version);
      return { status: 200, body: { deleted: result!.kind === 'deleted' } };
    },
  }),
  defineRoute({
    method: 'post',
    path: '/cache/mdelete',
    hot: true,
    tag: 'cache',
    summary: 'Deletes up to a thousand keys',
    request: { body: mdeleteBody },
    responses: { 200: { description: 'One result per key, in order', body: deletedItems } },
    handler: async ({ body }, context): Promise<Outcome> => {
      const deletes = body.keys.map((key) => ({ key, condition: undefined }));
      const results = await deleteAll(desk, deletes, optionsFor('/cache/mdelete', body, context));
      const items = results.map((result, i) => {
        const key = body.keys[i]!;
        if (isProblem(result)) return refusedItem(key, result);
        return { key, deleted: result.kind === 'deleted' };
      });
      return { status: 200, body: { results: items } };
    },
  }),
];
