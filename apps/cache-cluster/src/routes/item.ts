import { createHash } from 'node:crypto';
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
import { mismatch, writeProblem } from './answers.ts';
import { optionsFor, type Desk } from './desk.ts';
import { tagOf } from './entity-tags.ts';
import { valueOfBody } from './media-types.ts';
import { plainAnswer } from './plain-answer.ts';
import { preconditionsOf, writeCondition } from './preconditions.ts';
import { refuseLarge } from './put.ts';
import { hit, lookUp } from './reading.ts';
import { consistency, keyParams, requestId, ttlMsOfQuery, written } from './schemas.ts';
import { deleteAll, standsAgainst, writeAll } from './writing.ts';

/** Paths of their own: a key of that name has no plain face. */
const verbs = new Set(['put', 'get', 'delete', 'mput', 'mget', 'mdelete', 'stats']);

/** The same as the JSON routes, for those who speak HTTP: the body is the value, the tag its version. */
export const itemRoutes = (desk: Desk): readonly Route[] => [
  defineRoute({
    method: 'get',
    path: '/cache/{key}',
    tag: 'http',
    summary: 'The value itself',
    description: 'With its version as a strong `ETag`; `If-None-Match` is answered with 304.',
    request: { params: keyParams, query: z.strictObject({ consistency }) },
    responses: {
      200: { description: 'The value', mediaType: '*/*' },
      304: { description: 'It has the version that If-None-Match names' },
    },
    problems: ['method_not_allowed', 'version_mismatch', 'memory_unavailable'],
    handler: ({ params: { key }, query }, context) => {
      if (verbs.has(key)) return isVerb(key);
      const preconditions = preconditionsOf(context);
      if (isProblem(preconditions)) return preconditions;
      const looked = hit(desk, key);
      if (looked !== undefined) return plainAnswer(key, looked, preconditions);
      return lookUp(desk, key, { consistency: query.consistency, context }).then((one) =>
        plainAnswer(key, one, preconditions),
      );
    },
  }),
  defineRoute({
    method: 'put',
    path: '/cache/{key}',
    tag: 'http',
    summary: 'Writes the value itself',
    description:
      'With the media type that it is sent with. `If-Match` writes only over that version, `If-None-Match: *` only creates; `Cache-Control: max-age` is a time to live in seconds.',
    request: {
      params: keyParams,
      query: z.strictObject({ ttl_ms: ttlMsOfQuery, request_id: requestId }),
      rawBody: { description: 'The value: any bytes' },
    },
    responses: {
      200: { description: 'Written over', body: written },
      201: { description: 'Created', body: written },
    },
    problems: ['method_not_allowed', 'version_mismatch'],
    handler: async ({ params: { key }, query, body }, context): Promise<Outcome> => {
      if (verbs.has(key)) return isVerb(key);
      const condition = writeCondition(context);
      if (isProblem(condition)) return condition;
      const value = valueOfBody(context.headers['content-type'], body as unknown as Buffer);
      if (isProblem(value)) return value;
      const against =
        query.request_id === undefined ? standsAgainst(desk, key, condition.on) : undefined;
      if (against !== undefined) return mismatch(against);
      const refusal = refuseLarge(desk, value);
      if (refusal !== undefined) return refusal;
      const ttlMs = query.ttl_ms ?? maxAgeMs(context);
      if (typeof ttlMs === 'object') return ttlMs;
      const digest = createHash('sha256').update(value.bytes).digest('base64url');
      const request = {
        request_id: query.request_id,
        key,
        type: value.type,
        digest,
        ttlMs,
        condition,
      };
      const options = optionsFor('PUT /cache/{key}', request, context);
      const [result] = await writeAll(
        desk,
        [{ key, value, ttlMs, condition: condition.on }],
        options,
      );
      if (isProblem(result!)) return result;
      if (result!.kind !== 'written') return writeProblem(result!);
      const { version, created } = result!;
      return {
        status: created ? 201 : 200,
        body: { key, version, state: 'M' },
        headers: { etag: tagOf(version) },
      };
    },
  }),
  defineRoute({
    method: 'delete',
    path: '/cache/{key}',
    tag: 'http',
    summary: 'Deletes a key; `If-Match` only in that version',
    request: { params: keyParams, query: z.strictObject({ request_id: requestId }) },
    responses: {
      200: { description: 'Whether there was one', body: z.strictObject({ deleted: z.boolean() }) },
    },
    problems: ['method_not_allowed', 'version_mismatch'],
    handler: async ({ params: { key }, query }, context): Promise<Outcome> => {
      if (verbs.has(key)) return isVerb(key);
      const condition = writeCondition(context);
      if (isProblem(condition)) return condition;
      const request = { request_id: query.request_id, key, condition };
      const options = optionsFor('DELETE /cache/{key}', request, context);
      const [result] = await deleteAll(desk, [{ key, condition: condition.on }], options);
      if (isProblem(result!)) return result;
      if (result!.kind === 'mismatch') return mismatch(result!.version);
      return { status: 200, body: { deleted: result!.kind === 'deleted' } };
    },
  }),
];

function maxAgeMs({ headers }: Context): number | undefined | Problem {
  const field = headers['cache-control'];
  if (field === undefined) return undefined;
  const seconds = /(?:^|,)\s*max-age\s*=\s*"?(\d{1,9})"?\s*(?:,|$)/i.exec(field)?.[1];
  if (seconds === undefined) return undefined;
  const parsed = ttlMsOfQuery.safeParse(String(Number(seconds) * 1_000));
  if (parsed.success) return parsed.data;
  return problem('invalid_request', 'Cache-Control: max-age takes at least one second here.');
}

/** A verb of the API is no name (ADR 13): on its path, it is not looked up and not written. */
function isVerb(key: string): Problem {
  const allow = key === 'stats' ? 'GET' : 'POST';
  const detail =
    `/cache/${key} is no key's path, and takes ${allow}. A key of that name is written by ` +
    'POST /cache/put and read by POST /cache/get';
  return { ...problem('method_not_allowed', detail), headers: { allow } };
}
