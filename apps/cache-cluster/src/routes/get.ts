import { defineRoute, isProblem, type Outcome, type Route } from '@quorate/service-kit';
import { foundAnswer, foundItems as foundItemsAnswer, noSuchKey, type Looked } from './answers.ts';
import type { Desk } from './desk.ts';
import { hit, lookUp } from './reading.ts';
import { found, foundItems, getBody, mgetBody } from './schemas.ts';

export const getRoutes = (desk: Desk): readonly Route[] => [
  defineRoute({
    method: 'post',
    path: '/cache/get',
    hot: true,
    readOnly: true,
    tag: 'cache',
    summary: 'The value of a key',
    description:
      'A hit is answered from the memory of this node without a message to any other, and is never stale.',
    request: { body: getBody },
    responses: { 200: { description: 'The value', body: found } },
    problems: ['memory_unavailable'],
    handler: ({ body }, context) => {
      const { key } = body;
      const looked = hit(desk, key);
      if (looked !== undefined) return answerOf(key, looked);
      const { consistency } = body;
      return lookUp(desk, key, { consistency, context }).then((one) => answerOf(key, one));
    },
  }),
  defineRoute({
    method: 'post',
    path: '/cache/mget',
    hot: true,
    readOnly: true,
    tag: 'cache',
    summary: 'The values of up to a thousand keys',
    description:
      'One answer per key, in order. Each is linearizable by itself; the batch is not one moment.',
    request: { body: mgetBody },
    responses: { 200: { description: 'One result per key', body: foundItems } },
    handler: async ({ body }, context): Promise<Outcome> => {
      const { keys, consistency } = body;
      const items = await Promise.all(
        keys.map(async (key) => {
          const looked = hit(desk, key) ?? (await lookUp(desk, key, { consistency, context }));
          return { key, ...looked };
        }),
      );
      return foundItemsAnswer(items);
    },
  }),
];

function answerOf(key: string, { found: answer, clock }: Looked): Outcome {
  if (isProblem(answer)) return answer;
  return answer.kind === 'absent' ? noSuchKey(key) : foundAnswer(key, answer, clock);
}
