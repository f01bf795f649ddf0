import type { Registry } from 'prom-client';
import { z } from 'zod';
import { docsAssets } from '../docs/assets.ts';
import { defineRoute, type Route } from '../routes/route.ts';
import { clusterReport, healthReport, readyReport, type NodeView } from './view.ts';

export interface StandardRoutesOptions {
  readonly title: string;
  readonly view: NodeView;
  readonly registry: Registry;
  readonly isStopping: () => boolean;
  readonly openApi: () => string;
}

const tag = 'node';

/**
 * The routes every node has. Probes, metrics and the documentation need no token: they are asked by
 * machines that hold none, and say nothing about what is stored. All of them are answered even when
 * the node is overloaded, because that is when people look.
 */
export function standardRoutes(options: StandardRoutesOptions): readonly Route[] {
  return [...probes(options), ...inspection(options), ...documentation(options)];
}

function probes({ view, isStopping }: StandardRoutesOptions): readonly Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/health',
      summary: 'Whether this process can serve, and where its log stands',
      tag,
      open: true,
      unbounded: true,
      responses: {
        200: { description: 'It can serve, with or without leadership', body: healthReport },
        503: {
          description: 'It cannot: no majority in reach, or its disk failed',
          body: healthReport,
        },
      },
      handler: () => {
        const report = view.health();
        const body = isStopping() ? { ...report, status: 'stopping' } : report;
        return { status: body.status === 'ok' ? 200 : 503, body, headers: noStore };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/ready',
      summary: 'Whether this node has a leader and has applied what was committed when it started',
      tag,
      open: true,
      unbounded: true,
      responses: {
        200: { description: 'Send it requests', body: readyReport },
        503: { description: 'Not yet, or no longer', body: readyReport },
      },
      handler: () => {
        const body = isStopping() ? { ready: false, reason: 'stopping' } : view.ready();
        return { status: body.ready ? 200 : 503, body, headers: noStore };
      },
    }),
  ];
}

function inspection({ view, registry }: StandardRoutesOptions): readonly Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/cluster',
      summary:
        'Members, who leads, what the failure detector thinks of each, how far each is behind',
      tag,
      unbounded: true,
      responses: { 200: { description: 'As this node sees it', body: clusterReport } },
      handler: async () => ({ status: 200, body: await view.cluster(), headers: noStore }),
    }),
    defineRoute({
      method: 'post',
      path: '/cluster/transfer',
      summary: 'Hands leadership to another node',
      tag,
      request: {
        body: z.strictObject({
          to: z
            .string()
            .min(1)
            .optional()
            .describe('Node id; by default whoever is furthest along'),
        }),
      },
      problems: ['no_leader', 'not_found', 'outcome_unknown'],
      responses: {
        200: {
          description: 'Another node leads',
          body: z.looseObject({ leader: z.string().nullable() }),
        },
      },
      handler: ({ body }, context) => view.transfer(body.to, context),
    }),
    defineRoute({
      method: 'get',
      path: '/stats',
      summary: 'Counts and gauges of this service, for people',
      tag,
      unbounded: true,
      responses: { 200: { description: 'Counts and gauges', body: z.looseObject({}) } },
      handler: async () => ({
        status: 200,
        body: Buffer.from(`${JSON.stringify(await view.stats(), null, 2)}\n`),
        headers: { 'content-type': 'application/json; charset=utf-8', ...noStore },
      }),
    }),
    defineRoute({
      method: 'get',
      path: '/metrics',
      summary: 'Metrics in the text format of Prometheus',
      tag,
      open: true,
      unbounded: true,
      responses: { 200: { description: 'Samples', mediaType: 'text/plain' } },
      handler: async () => ({
        status: 200,
        body: Buffer.from(await registry.metrics()),
        headers: { 'content-type': registry.contentType },
      }),
    }),
  ];
}

function documentation({ title, openApi }: StandardRoutesOptions): readonly Route[] {
  const document = defineRoute({
    method: 'get',
    path: '/openapi.json',
    summary: 'This API as an OpenAPI 3.1 document',
    tag,
    open: true,
    unbounded: true,
    responses: { 200: { description: 'OpenAPI 3.1', mediaType: 'application/json' } },
    handler: () => ({
      status: 200,
      body: Buffer.from(openApi()),
      headers: { 'content-type': 'application/json; charset=utf-8' },
    }),
  });
  const assets = docsAssets(title).map(({ path, body, headers }) =>
    defineRoute({
      method: 'get',
      path,
      summary: 'The interactive API reference',
      tag,
      open: true,
      unbounded: true,
      hidden: path !== '/docs',
      responses: { 200: { description: 'A page that needs no network', mediaType: 'text/html' } },
      handler: () => ({ status: 200, body, headers }),
    }),
  );
  return [document, ...assets];
}

const noStore = { 'cache-control': 'no-store' };
