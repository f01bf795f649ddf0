import express from 'express';
import type { ErrorRequestHandler, Express, Request, RequestHandler, Response } from 'express';
import { problem, type Problem } from '../errors/problem.ts';
import type { Outcome } from '../routes/answer.ts';
import { defineRoute } from '../routes/route.ts';
import { Exchange } from './exchange.ts';
import type { Host, MountedRoute } from './host.ts';
import type { HttpMetrics } from '../metrics/http-metrics.ts';
import { bySpecificity, expressPath, methodsAt } from './paths.ts';

/**
 * Express finds the route and its parameters; everything after that is the exchange. It parses no
 * bodies and sets no headers, so both ways in behave alike.
 */
export function expressApp(
  host: Host,
  mounted: readonly MountedRoute[],
  metrics: HttpMetrics,
): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  const sorted = [...mounted].sort((a, b) => bySpecificity(a.route, b.route));
  for (const entry of sorted) {
    app[entry.route.method](expressPath(entry.route.path), routeHandler(host, entry));
  }
  const unmatched = unmatchedRoute(metrics);
  const allowed = methodsAt(sorted.map(({ route }) => route));
  app.use((request: Request, response: Response) => {
    const outcome = outcomeOfUnmatched(request.method, request.path, allowed(request.path));
    new Exchange(host, unmatched, { request, response }).settle(outcome);
  });
  // Express tells an error handler by its four parameters.
  // eslint-disable-next-line @typescript-eslint/no-unused-vars
  const onError: ErrorRequestHandler = (error: unknown, request, response, next) => {
    new Exchange(host, unmatched, { request, response }).settle(outcomeOfError(host, error));
  };
  app.use(onError);
  return app;
}

function routeHandler(host: Host, mounted: MountedRoute): RequestHandler {
  return (request, response) => {
    const query = request.query as Readonly<Record<string, unknown>>;
    new Exchange(host, mounted, { request, response }).start(request.params, query);
  };
}

/** One label for all paths that are none of ours: scanners must not fill the metrics with theirs. */
function unmatchedRoute(metrics: HttpMetrics): MountedRoute {
  const route = defineRoute({
    method: 'get',
    path: '/unmatched',
    summary: 'Paths that are no route',
    responses: {},
    handler: () => problem('not_found', 'there is no such path'),
  });
  return { route, recorder: metrics.recorder('ANY', 'unmatched') };
}

function outcomeOfUnmatched(method: string, path: string, allowed: readonly string[]): Outcome {
  if (allowed.length === 0) {
    return problem('not_found', `there is no ${shown(path)} here; /docs lists what there is`);
  }
  const headers = { allow: allowed.join(', ') };
  if (method === 'OPTIONS') return { status: 204, headers };
  const detail = `${shown(path)} takes ${allowed.join(', ')} and not ${shown(method)}`;
  return { ...problem('method_not_allowed', detail), headers };
}

/** Express itself only fails on paths that cannot be decoded; anything else is ours and is logged. */
function outcomeOfError(host: Host, error: unknown): Problem {
  if (error instanceof URIError) {
    return problem('invalid_request', 'the path is not valid percent-encoded UTF-8');
  }
  host.logger.error('a request failed before its route', { error });
  return problem('internal', 'the request could not be worked on');
}

function shown(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
