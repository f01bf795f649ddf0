import {
  OpenApiGeneratorV31,
  OpenAPIRegistry,
  type ResponseConfig,
  type RouteConfig,
} from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import type { ProblemTable } from '../errors/problem.ts';
import type { Route } from '../routes/route.ts';
import { problemResponses } from './problem-responses.ts';

export interface DocumentOptions {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly routes: readonly Route[];
  readonly problems: ProblemTable;
  readonly secured: boolean;
}

export type OpenApiDocument = ReturnType<OpenApiGeneratorV31['generateDocument']>;

/** The same definitions that check requests, as an OpenAPI 3.1 document. */
export function openApiDocument(options: DocumentOptions): OpenApiDocument {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', 'bearer', { type: 'http', scheme: 'bearer' });
  registry.registerComponent('schemas', 'Problem', problemSchema(options.problems));
  for (const route of options.routes) {
    if (!route.hidden) registry.registerPath(operation(route, options));
  }
  const document = new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: options.name,
      version: options.version,
      description: options.description,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'This node' }],
    tags: [...new Set(options.routes.map(tagOf))].map((name) => ({ name })),
  });
  // The generator always writes this member; an empty one only puzzles readers.
  if (Object.keys(document.webhooks ?? {}).length === 0) delete document.webhooks;
  return document;
}

function operation(route: Route, options: DocumentOptions): RouteConfig {
  const { body, rawBody, query, params } = route.request;
  const request: NonNullable<RouteConfig['request']> = {};
  if (body !== undefined) {
    request.body = {
      required: !body.safeParse({}).success,
      content: { 'application/json': { schema: body } },
    };
  } else if (rawBody !== undefined) {
    request.body = { description: rawBody.description, required: true, content: { '*/*': {} } };
  }
  if (params instanceof z.ZodObject) request.params = params;
  if (query instanceof z.ZodObject) request.query = query;
  return {
    method: route.method,
    path: route.path,
    operationId: operationId(route),
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    tags: [tagOf(route)],
    ...(options.secured && !route.open ? { security: [{ bearer: [] }] } : {}),
    request,
    responses: { ...responses(route), ...problemResponses(route, options) },
  };
}

function responses(route: Route): Record<string, ResponseConfig> {
  const found: Record<string, ResponseConfig> = {};
  for (const [status, spec] of Object.entries(route.responses)) {
    const mediaType = spec.mediaType ?? 'application/json';
    const schema = spec.body ?? (spec.mediaType === undefined ? undefined : {});
    found[status] = {
      description: spec.description,
      ...(schema === undefined ? {} : { content: { [mediaType]: { schema } } }),
    };
  }
  return found;
}

function problemSchema({ codes }: ProblemTable) {
  return {
    type: 'object' as const,
    description: 'Why a request was refused (RFC 9457). Branch on `code`, never on `detail`.',
    required: ['type', 'title', 'status', 'code', 'detail'],
    properties: {
      type: { type: 'string' as const, example: 'urn:quorate:problem:invalid_request' },
      title: { type: 'string' as const },
      status: { type: 'integer' as const },
      code: { type: 'string' as const, enum: Object.keys(codes).sort() },
      detail: { type: 'string' as const },
    },
  };
}

function tagOf(route: Route): string {
  return route.tag ?? route.path.split('/')[1] ?? 'api';
}

/** `post_queue_queue_peek`: unique, because method and path are. */
function operationId(route: Route): string {
  return `${route.method}${route.path.replaceAll(/[^A-Za-z0-9]+/g, '_').replace(/_$/, '')}`;
}
