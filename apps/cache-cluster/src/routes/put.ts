import { defineRoute, isProblem, problem, type Outcome, type Route } from '@quorate/service-kit';
import type { JsonValue } from '@quorate/service-kit';
import type { KeyWrite } from '../state-machine/commands.ts';
import { jsonType, type CacheValue } from '../state-machine/value.ts';
import { mismatch, refusedItem, writeProblem } from './answers.ts';
import { optionsFor, type Desk } from './desk.ts';
import { mputBody, putBody, written, writtenItems } from './schemas.ts';
import { conditionOf, standsAgainst, writeAll } from './writing.ts';

interface Entry {
  readonly key: string;
  readonly val: JsonValue;
  readonly ttl_ms?: number | undefined;
  readonly if_version?: number | undefined;
}

export const putRoutes = (desk: Desk): readonly Route[] => [
  defineRoute({
    method: 'post',
    path: '/cache/put',
    hot: true,
    tag: 'cache',
    summary: 'Writes a key',
    description:
      'Answered when a majority has the value on disk and no node can answer an older one any more.',
    request: { body: putBody },
    responses: { 200: { description: 'The version it has now', body: written } },
    problems: ['version_mismatch'],
    handler: async ({ body }, context): Promise<Outcome> => {
      const write = writeOf(body);
      const tooLarge = refuseLarge(desk, write.value);
      if (tooLarge !== undefined) return tooLarge;
      const against =
        body.request_id === undefined ? standsAgainst(desk, body.key, write.condition) : undefined;
      if (against !== undefined) return mismatch(against);
      const [result] = await writeAll(desk, [write], optionsFor('/cache/put', body, context));
      if (isProblem(result!)) return result;
      if (result!.kind !== 'written') return writeProblem(result!);
      return { status: 200, body: { key: body.key, version: result!.version, state: 'M' } };
    },
  }),
  defineRoute({
    method: 'post',
    path: '/cache/mput',
    hot: true,
    tag: 'cache',
    summary: 'Writes up to a thousand keys',
    description:
      'One result per entry, in order. The entries of one shard are written at one moment; each is judged by its own `if_version`.',
    request: { body: mputBody },
    responses: { 200: { description: 'One result per entry', body: writtenItems } },
    handler: async ({ body }, context): Promise<Outcome> => {
      const writes = body.entries.map(writeOf);
      for (const { value } of writes) {
        const tooLarge = refuseLarge(desk, value);
        if (tooLarge !== undefined) return tooLarge;
      }
      const results = await writeAll(desk, writes, optionsFor('/cache/mput', body, context));
      const items = results.map((result, i) => {
        const { key } = writes[i]!;
        if (isProblem(result)) return refusedItem(key, result);
        if (result.kind !== 'written') return refusedItem(key, writeProblem(result));
        return { key, version: result.version, state: 'M' };
      });
      return { status: 200, body: { results: items } };
    },
  }),
];

const writeOf = ({ key, val, ttl_ms, if_version }: Entry): KeyWrite => ({
  key,
  value: { type: jsonType, bytes: Buffer.from(JSON.stringify(val)) },
  ttlMs: ttl_ms,
  condition: conditionOf(if_version),
});

export function refuseLarge({ config }: Desk, { bytes }: CacheValue): Outcome | undefined {
  const { valueBytesMax } = config;
  if (bytes.length <= valueBytesMax) return undefined;
  return problem('payload_too_large', `A value holds at most ${valueBytesMax} bytes.`);
}
