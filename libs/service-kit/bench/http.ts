/**
 * How much of a bare `node:http` server is left once requests are checked, counted and bounded: the
 * same echo through node:http alone, through the hot path and through Express, one after another in one
 * process, with the load made by a worker thread. Run it with `npx node bench/http.ts [seconds]`.
 */
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { createRegistry, createService, defineRoute, serve, silentLogger } from '../src/index.ts';
import type { LoadResult, LoadTask } from './load.ts';

const seconds = Number(process.argv[2] ?? 4);
const rounds = 3;

const route = defineRoute({
  method: 'post',
  path: '/lock/acquire',
  summary: 'Echo',
  hot: true,
  request: {
    body: z.strictObject({
      key: z.string().min(1).max(512),
      client_id: z.string().min(1).max(128),
      mode: z.enum(['S', 'X']).default('X'),
      ttl_ms: z.int().min(1).max(3_600_000).default(30_000),
      request_id: z.string().optional(),
    }),
  },
  responses: { 200: { description: 'Echo' } },
  handler: ({ body }) => Promise.resolve({ status: 200, body: { granted: true, ...body } }),
});

function bareServer(): Server {
  return createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const answer = JSON.stringify({ granted: true, ...(JSON.parse(text) as object) });
      response.writeHead(200, [
        'content-type',
        'application/json',
        'content-length',
        String(Buffer.byteLength(answer)),
      ]);
      response.end(answer);
    });
  });
}

async function load(port: number): Promise<LoadResult> {
  const task: LoadTask = { port, seconds, connections: 64 };
  const worker = new Worker(new URL('./load.ts', import.meta.url), { workerData: task });
  const [result] = (await once(worker, 'message')) as [LoadResult];
  await once(worker, 'exit');
  return result;
}

async function measureBare(): Promise<LoadResult> {
  const server = bareServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const result = await load((server.address() as AddressInfo).port);
  server.closeAllConnections();
  server.close();
  return result;
}

async function measureKit(hotPath: boolean): Promise<LoadResult> {
  const service = createService({
    name: 'bench',
    version: '0',
    description: 'Echo.',
    routes: [route],
    view: {
      health: () => {
        throw new Error('not asked here');
      },
      ready: () => ({ ready: true }),
      cluster: () => ({ cluster: 'bench', node_id: 'n1', leader: null, term: 0, members: [] }),
      stats: () => ({}),
      transfer: () => ({ status: 200 }),
    },
    registry: createRegistry({ processMetrics: false }),
    logger: silentLogger(),
    hotPath,
  });
  const server = await serve({ service, host: '127.0.0.1', port: 0 });
  const result = await load(server.port);
  await server.stop();
  return result;
}

const cases: readonly (readonly [string, () => Promise<LoadResult>])[] = [
  ['node:http', measureBare],
  ['hot path', () => measureKit(true)],
  ['Express', () => measureKit(false)],
];
const best = new Map<string, LoadResult>();
for (let round = 0; round < rounds; round += 1) {
  for (const [name, measure] of cases) {
    const result = await measure();
    const before = best.get(name);
    if (before === undefined || result.perSecond > before.perSecond) best.set(name, result);
  }
}
const bare = best.get('node:http')!.perSecond;
process.stdout.write(`Node ${process.version}, best of ${rounds} rounds of ${seconds} s\n`);
for (const [name, { perSecond, p50Ms, p99Ms, failed }] of best) {
  const share = `${Math.round((100 * perSecond) / bare)} %`.padStart(6);
  const rate = Math.round(perSecond).toLocaleString('en').padStart(8);
  const times = `p50 ${p50Ms.toFixed(2)} ms  p99 ${p99Ms.toFixed(2)} ms`;
  process.stdout.write(
    `${name.padEnd(10)}${rate} requests/s ${share}  ${times}  failed ${failed}\n`,
  );
}
