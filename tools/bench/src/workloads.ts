import type { Response } from './response-reader.ts';

/** What one connection does: a round of requests, over and over. An operation is one round. */
export interface Script {
  /** Operations that one round stands for (a batch counts each of its items). */
  readonly weight: number;
  next(previous: Response | undefined): Buffer;
  expects(response: Response): boolean;
  /** Whether the request just answered was the last of its round. */
  endsOperation(): boolean;
}

type Args = Readonly<Record<string, string | number>>;
type Workload = (connection: number, args: Args) => Script;

export function post(path: string, body: object): Buffer {
  const text = JSON.stringify(body);
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const isOk = ({ status }: Response): boolean => status === 200 || status === 204;

/** A round of one request, with a number that grows. */
const each =
  (request: (id: string, args: Args) => Buffer): Workload =>
  (connection, args) => {
    let n = 0;
    return {
      weight: Number(args['batch'] ?? 1),
      next: () => request(`${connection}-${(n += 1)}`, args),
      expects: isOk,
      endsOperation: () => true,
    };
  };

type Step = (id: string, previous: Response | undefined) => Buffer;

/** A round of several requests, each of which may use the answer to the one before it. */
const rounds =
  (stepsOf: (args: Args, connection: number) => readonly Step[]): Workload =>
  (connection, args) => {
    const steps = stepsOf(args, connection);
    let n = 0;
    let at = -1;
    return {
      weight: Number(args['batch'] ?? 1),
      next(previous) {
        at = (at + 1) % steps.length;
        if (at === 0) n += 1;
        return steps[at]!(`${connection}-${n}`, previous);
      },
      expects: isOk,
      endsOperation: () => at === steps.length - 1,
    };
  };

const body = (response: Response | undefined): Readonly<Record<string, unknown>> =>
  JSON.parse(response!.body.toString()) as Readonly<Record<string, unknown>>;

const clientOf = (id: string): string => `client-${id.split('-')[0]!}`;
const value200 = 'v'.repeat(200);

export const workloads = {
  /** The same bytes to the same path, for a handler that is not ours. */
  echo: each((_, { path, text }) => post(String(path), JSON.parse(String(text)) as object)),

  acquire: each((id, { run }) =>
    post('/lock/acquire', { key: `${run}-${id}`, client_id: clientOf(id), ttl_ms: 30_000 }),
  ),
  acquireRelease: rounds(({ run }) => [
    (id) => post('/lock/acquire', { key: `${run}-${id}`, client_id: clientOf(id), ttl_ms: 30_000 }),
    (id) => post('/lock/release', { key: `${run}-${id}`, client_id: clientOf(id) }),
  ]),

  etcdPut: each((id, { run }) =>
    post('/v3/kv/put', { key: base64(`${run}-${id}`), value: base64(clientOf(id)) }),
  ),
  etcdLock: rounds(({ run, lease }) => [
    (id) => post('/v3/lock/lock', { name: base64(`${run}-${id}`), lease }),
    (_, previous) => post('/v3/lock/unlock', { key: body(previous)['key'] }),
  ]),

  cacheHit: each((_, { key }) => post('/cache/get', { key })),
  cachePut: each((id, { run }) => post('/cache/put', { key: `${run}-${id}`, val: value200 })),
  cacheMiss: each((id, { run, keys }) => {
    const [connection, n] = id.split('-').map(Number) as [number, number];
    return post('/cache/get', { key: `${run}-${(connection * 7_919 + n) % Number(keys)}` });
  }),

  enqueue: each((id, { run, batch }) => post('/queue/enq', messages(id, run, batch))),
  enqueueDequeueAck: rounds(({ run, batch }) => {
    const max = Number(batch ?? 1);
    return [
      (id) => post('/queue/enq', messages(id, run, batch)),
      () =>
        post('/queue/deq', { queue: `bench-${run!}`, max, wait_ms: 5_000, visibility_ms: 30_000 }),
      (_, previous) => {
        const { messages: taken } = body(previous) as { messages: readonly { receipt: string }[] };
        return post('/queue/ack', { receipts: taken.map(({ receipt }) => receipt) });
      },
    ];
  }),
} satisfies Record<string, Workload>;

export type WorkloadName = keyof typeof workloads;

function messages(id: string, run: unknown, batch: unknown): object {
  const queue = `bench-${String(run)}`;
  const size = Number(batch ?? 1);
  if (size === 1) return { queue, key: id, value: value200 };
  return { queue, messages: Array.from({ length: size }, () => ({ key: id, value: value200 })) };
}
