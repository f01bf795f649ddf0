import { performance } from 'node:perf_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Express } from 'express';
import type { Registry } from 'prom-client';
import type { ApiToken } from '../config/api-tokens.ts';
import { commonProblems, type ProblemTable } from '../errors/problem.ts';
import { invariant } from '../invariant.ts';
import type { Logger } from '../logging/logger.ts';
import { HttpMetrics } from '../metrics/http-metrics.ts';
import { standardRoutes } from '../node/standard-routes.ts';
import type { NodeView } from '../node/view.ts';
import { openApiDocument } from '../openapi/document.ts';
import type { Route } from '../routes/route.ts';
import { authenticator } from './auth.ts';
import { Exchange } from './exchange.ts';
import { expressApp } from './express-app.ts';
import { Gate } from './gate.ts';
import type { Host, MountedRoute } from './host.ts';
import { limitDefaults, type Limits } from './limits.ts';
import { requestIds } from './request-id.ts';

export interface ServiceOptions {
  /** Stands in the OpenAPI document and on the page: `lock-cluster`, `0.1.0`, one sentence. */
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly routes: readonly Route[];
  readonly problems?: ProblemTable;
  readonly view: NodeView;
  readonly registry: Registry;
  readonly logger: Logger;
  readonly tokens?: readonly ApiToken[];
  readonly limits?: Partial<Limits>;
  /** `false` sends hot routes through Express too; tests compare the two. */
  readonly hotPath?: boolean;
  readonly nowMs?: () => number;
  /** What ends the process; `runService` brings it, tests look at it. */
  readonly onBrokenInvariant?: (error: unknown) => void;
}

export interface Service {
  readonly app: Express;
  readonly registry: Registry;
  readonly logger: Logger;
  readonly listener: (request: IncomingMessage, response: ServerResponse) => void;
  readonly openRequests: { readonly inFlight: number; readonly parked: number };
  /** Answers what is past its deadline. The service does so itself every quarter of a second. */
  sweep(): void;
  /** From now on answers close their connections, and the node is no longer ready. */
  beginStop(): void;
  /** Tells whoever waits that the service stops. */
  cancelOpen(): void;
  /** Answers what is still open as unknown, and stops the sweep. */
  close(): void;
}

const sweepIntervalMs = 250;

export function createService(options: ServiceOptions): Service {
  const limits = { ...limitDefaults, ...options.limits };
  const tokens = options.tokens ?? [];
  const gate = new Gate(limits);
  const host: Host = {
    gate,
    limits,
    authenticator: authenticator(tokens),
    logger: options.logger,
    logsRequests: options.logger.isDebugEnabled(),
    open: new Set<Exchange>(),
    stopping: false,
    nowMs: options.nowMs ?? (() => performance.now()),
    requestId: requestIds(),
    onBrokenInvariant: options.onBrokenInvariant ?? (() => undefined),
  };
  const problems = options.problems ?? commonProblems;
  let document: string | undefined;
  const routes: readonly Route[] = [
    ...options.routes,
    ...standardRoutes({
      title: options.name,
      view: options.view,
      registry: options.registry,
      isStopping: () => host.stopping,
      openApi: () => (document ??= JSON.stringify(describe())),
    }),
  ];
  const describe = (): object =>
    openApiDocument({ ...options, routes, problems, secured: tokens.length > 0 });
  assertDistinct(routes, problems);

  const metrics = new HttpMetrics(options.registry, gate);
  const mounted = routes.map((route): MountedRoute => {
    return { route, recorder: metrics.recorder(route.method.toUpperCase(), route.path) };
  });
  const app = expressApp(host, mounted, metrics);
  const hot = new Map<string, MountedRoute>();
  for (const entry of mounted) {
    if (entry.route.hot && options.hotPath !== false) hot.set(entry.route.path, entry);
  }
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const entry = request.method === 'POST' ? hot.get(request.url!) : undefined;
    if (entry === undefined) app(request, response);
    else new Exchange(host, entry, { request, response }).start(undefined, undefined);
  };
  const sweep = (): void => {
    const nowMs = host.nowMs();
    for (const exchange of host.open) if (nowMs >= exchange.deadlineMs) exchange.expire();
  };
  const timer = setInterval(sweep, sweepIntervalMs);
  timer.unref();
  return {
    app,
    registry: options.registry,
    logger: options.logger,
    listener,
    openRequests: gate,
    sweep,
    beginStop: () => void (host.stopping = true),
    cancelOpen: () => {
      for (const exchange of host.open) exchange.cancel();
    },
    close: () => {
      clearInterval(timer);
      for (const exchange of host.open) exchange.expire();
    },
  };
}

function assertDistinct(routes: readonly Route[], problems: ProblemTable): void {
  const seen = new Set<string>();
  for (const { method, path, problems: codes } of routes) {
    const name = `${method.toUpperCase()} ${path}`;
    invariant(!seen.has(name), `${name} is defined twice`);
    seen.add(name);
    for (const code of codes ?? []) {
      invariant(code in problems.codes, `${name} names the unknown code ${code}`);
    }
  }
}
