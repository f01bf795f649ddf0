import { PassThrough } from 'node:stream';
import { z } from 'zod';
import {
  createLogger,
  createRegistry,
  createService,
  defineProblems,
  defineRoute,
  jsonValue,
  serve,
  type HealthReport,
  type NodeView,
  type Outcome,
  type Route,
  type RunningServer,
  type Service,
  type ServiceOptions,
  type ServeOptions,
} from '../src/index.ts';

export const { problem, codes } = defineProblems({
  lock_held: {
    status: 409,
    title: 'Somebody else holds it',
    extra: z.object({ holders: z.array(z.string()) }),
  },
});

export const healthy: HealthReport = {
  status: 'ok',
  cluster: 'test-cluster',
  node_id: 'n1',
  role: 2,
  role_name: 'leader',
  term: 3,
  leader: 'n1',
  commit_index: 7,
  applied_index: 7,
};

export function viewOf(overrides: Partial<NodeView> = {}): NodeView {
  return {
    health: () => healthy,
    ready: () => ({ ready: true }),
    cluster: () => ({
      cluster: 'test-cluster',
      node_id: 'n1',
      leader: 'n1',
      term: 3,
      members: [],
    }),
    stats: () => ({ answered: 1 }),
    transfer: (to) => ({ status: 200, body: { leader: to ?? 'n2' } }),
    ...overrides,
  };
}

/** Answers when the test says so. */
export class Held {
  readonly #waiting: ((outcome: Outcome) => void)[] = [];
  readonly #arrivals: (() => void)[] = [];
  #arrived = 0;

  wait(): Promise<Outcome> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#arrived += 1;
      for (const wake of this.#arrivals.splice(0)) wake();
    });
  }

  async arrived(count: number): Promise<void> {
    while (this.#arrived < count) await new Promise<void>((wake) => this.#arrivals.push(wake));
  }

  answerAll(outcome: Outcome = { status: 200, body: { held: true } }): void {
    for (const resolve of this.#waiting.splice(0)) resolve(outcome);
  }
}

export function testRoutes(held: Held): readonly Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/echo/put',
      summary: 'Answers what it was sent',
      hot: true,
      request: {
        body: z.strictObject({
          key: z.string().min(1).max(20),
          count: z.int().min(0).max(5).default(1),
          value: jsonValue('Anything').optional(),
          nested: z.strictObject({ flag: z.boolean() }).optional(),
        }),
      },
      problems: ['lock_held'],
      responses: { 200: { description: 'Echo', body: z.looseObject({ key: z.string() }) } },
      handler: ({ body }, context) => {
        if (body.key === 'held') return problem('lock_held', 'taken', { holders: ['c1'] });
        if (body.key === 'broken') throw new Error('secret inner detail');
        return { status: 200, body: { ...body, caller: context.caller } };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/echo/optional',
      summary: 'Takes a body or none',
      hot: true,
      request: { body: z.strictObject({ max: z.int().default(1) }) },
      responses: { 200: { description: 'Echo' } },
      handler: async ({ body }) => {
        await Promise.resolve();
        return { status: 200, body };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/echo/held',
      summary: 'Answers when told to',
      hot: true,
      request: { body: z.strictObject({ wait_ms: z.int().default(0) }) },
      responses: { 200: { description: 'Held' } },
      handler: ({ body }, context) => {
        if (body.wait_ms > 0) {
          const refused = context.park(body.wait_ms);
          if (refused !== undefined) return refused;
          context.signal.addEventListener('abort', () => {
            held.answerAll(problem('no_leader', 'cancelled'));
          });
        }
        return held.wait();
      },
    }),
    defineRoute({
      method: 'get',
      path: '/echo/{key}',
      summary: 'Answers its parameter',
      request: {
        params: z.strictObject({ key: z.string().max(20) }),
        query: z.strictObject({ times: z.coerce.number().int().max(3).default(1) }),
      },
      responses: { 200: { description: 'Echo' } },
      handler: ({ params, query }) => ({ status: 200, body: { ...params, ...query } }),
    }),
    defineRoute({
      method: 'put',
      path: '/echo/{key}',
      summary: 'Answers the bytes it was sent',
      request: { params: z.strictObject({ key: z.string() }), rawBody: { description: 'Bytes' } },
      responses: { 200: { description: 'The same bytes', mediaType: '*/*' } },
      handler: ({ body }, { headers }) => ({
        status: 200,
        body,
        headers: { 'content-type': headers['content-type'] ?? 'application/octet-stream' },
      }),
    }),
  ];
}

export interface Running {
  readonly service: Service;
  readonly server: RunningServer;
  readonly url: string;
  readonly held: Held;
  readonly logged: () => readonly Record<string, unknown>[];
}

export async function start(
  overrides: Partial<ServiceOptions> = {},
  serving: Partial<ServeOptions> = {},
): Promise<Running> {
  const stream = new PassThrough();
  let log = '';
  stream.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const held = new Held();
  const service = createService({
    name: 'test-cluster',
    version: '0.1.0',
    description: 'A service for tests.',
    routes: testRoutes(held),
    problems: { codes },
    view: viewOf(),
    registry: createRegistry({ processMetrics: false }),
    logger: createLogger({ level: 'debug', format: 'json', stream }),
    ...overrides,
  });
  const server = await serve({ service, host: '127.0.0.1', port: 0, ...serving });
  const logged = () =>
    log
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { service, server, url: server.url, held, logged };
}

/** A problem, or an answer of the routes above, as a client would read it. */
export interface WireBody {
  readonly code?: string;
  readonly detail?: string;
  readonly errors?: readonly unknown[];
  readonly key?: string;
}

export function bodyOf(response: { readonly body: unknown }): WireBody {
  return response.body as WireBody;
}
