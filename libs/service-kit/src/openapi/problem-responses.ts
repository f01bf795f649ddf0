import type { ResponseConfig } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import type { CodeEntry } from '../errors/codes.ts';
import type { ProblemTable } from '../errors/problem.ts';
import type { Route } from '../routes/route.ts';

interface Options {
  readonly problems: ProblemTable;
  readonly secured: boolean;
}

/**
 * One response per status, which names the codes that can come with it and what they carry. A status
 * that the route itself describes (the 503 of `/health`) stays as it is.
 */
export function problemResponses(route: Route, options: Options): Record<string, ResponseConfig> {
  const byStatus = new Map<number, [string, CodeEntry][]>();
  for (const code of codesOf(route, options.secured)) {
    const entry = options.problems.codes[code]!;
    const list = byStatus.get(entry.status) ?? [];
    list.push([code, entry]);
    byStatus.set(entry.status, list);
  }
  const found: Record<string, ResponseConfig> = {};
  for (const [status, entries] of byStatus) {
    if (status in route.responses) continue;
    found[String(status)] = response(entries);
  }
  return found;
}

function response(entries: readonly (readonly [string, CodeEntry])[]): ResponseConfig {
  const retries = entries.some(([, entry]) => entry.retryAfterSeconds !== undefined);
  const properties: Record<string, object> = {
    code: { type: 'string', enum: entries.map(([code]) => code) },
  };
  for (const [, { extra }] of entries) {
    if (extra === undefined) continue;
    const schema = z.toJSONSchema(extra, { target: 'draft-2020-12', io: 'input' });
    Object.assign(properties, schema.properties);
  }
  return {
    description: entries.map(([code, { title }]) => `\`${code}\`: ${title}`).join('. '),
    ...(retries
      ? {
          headers: {
            'Retry-After': { description: 'Seconds to wait', schema: { type: 'integer' } },
          },
        }
      : {}),
    content: {
      'application/problem+json': {
        schema: {
          allOf: [{ $ref: '#/components/schemas/Problem' }, { type: 'object', properties }],
        },
      },
    },
  };
}

/** What any route may answer follows from what it takes; the rest it names itself. */
function codesOf(route: Route, secured: boolean): ReadonlySet<string> {
  const { body, rawBody, query, params } = route.request;
  const codes = new Set<string>();
  const takesBody = body !== undefined || rawBody !== undefined;
  if (takesBody || query !== undefined || params !== undefined) codes.add('invalid_request');
  if (secured && !route.open) codes.add('unauthenticated');
  if (takesBody) codes.add('payload_too_large').add('unsupported_media_type');
  if (!route.unbounded) codes.add('overloaded');
  for (const code of route.problems ?? []) codes.add(code);
  return codes;
}
