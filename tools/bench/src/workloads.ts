import type { Response } from './response-reader.ts';

/** What one connection does: a round of requests, over and over. An operation is one round. */
export interface Script {
  next(previous: Response | undefined): Buffer;
  /**
   * How many operations this answer ended (a batch counts each of its items, a request in the middle
   * of a round is none); undefined for an answer that was not expected: the round begins anew then.
   */
  count(response: Response): number | undefined;
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
    const weight = Number(args['batch'] ?? 1);
    let n = 0;
    return {
      next: () => request(`${connection}-${(n += 1)}`, args),
      count: (response) => (isOk(response) ? weight : undefined),
    };
  };

type Step = (id: string, previous: Response | undefined) => Buffer;

interface Round {
  readonly steps: readonly Step[];
  /** Operations that the round just ended stands for; one where it does not say. */
  readonly weight?: () => number;
}

/** A round of several requests, each of which may use the answer to the one before it. */
const rounds =
  (roundOf: (args: Args) => Round): Workload =>
  (connection, args) => {
    const { steps, weight = () => 1 } = roundOf(args);
    let n = 0;
    let at = -1;
    return {
      next(previous) {
        at = (at + 1) % steps.length;
        if (at === 0) n += 1;
        return steps[at]!(`${connection}-${n}`, previous);
      },
      count(response) {
        if (!isOk(response)) {
          at = -1;
          return undefined;
        }
        return at === steps.length - 1 ? weight() : 0;
      },
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
  acquireRelease: rounds(({ run }) => ({
    steps: [
      (id) =>
        post('/lock/acquire', { key: `${run}-${id}`, client_id: clientOf(id), ttl_ms: 30_000 }),
      (id) => post('/lock/release', { key: `${run}-${id}`, client_id: clientOf(id) }),
    ],
  })),

  etcdPut: each((id, { run }) =>
    post('/v3/kv/put', { key: base64(`${run}-${id}`), value: base64(clientOf(id)) }),
  ),
  etcdLock: rounds(({ run, lease }) => ({
    steps: [
      (id) => post('/v3/lock/lock', { name: base64(`${run}-${id}`), lease }),
      (_, previous) => post('/v3/lock/unlock', { key: body(previous)['key'] }),
    ],
  })),

  cacheHit: each((_, { key }) => post('/cache/get', { key })),
  cachePut: each((id, { run }) => post('/cache/put', { key: `${run}-${id}`, val: value200 })),
  cacheMiss: each((id, { run, keys }) => {
    const [connection, n] = id.split('-').map(Number) as [number, number];
    return post('/cache/get', { key: `${run}-${(connection * 7_919 + n) % Number(keys)}` });
  }),

  enqueue: each((id, { run, batch }) => post('/queue/enq', messages(id, run, batch))),
  enqueueDequeueAck: rounds(({ run, batch }) => {
    const max = Number(batch ?? 1);
    let acked = 0;
    const steps: Step[] = [
      (id) => post('/queue/enq', messages(id, run, batch)),
      () =>
        post('/queue/deq', { queue: `bench-${run!}`, max, wait_ms: 5_000, visibility_ms: 30_000 }),
      (_, previous) => {
        const { messages: taken } = body(previous) as { messages: readonly { receipt: string }[] };
        acked = taken.length;
        return post('/queue/ack', { receipts: taken.map(({ receipt }) => receipt) });
      },
    ];
    // What was taken is counted, not what was asked for.
    return { steps, weight: () => acked };
  }),
} satisfies Record<string, Workload>;

export type WorkloadName = keyof typeof workloads;

/** Each message has a key of its own: one `deq` hands out at most one message of a key. */
function messages(id: string, run: unknown, batch: unknown): object {
  const queue = `bench-${String(run)}`;
  const size = Number(batch ?? 1);
  if (size === 1) return { queue, key: id, value: value200 };
  return {
    queue,
    messages: Array.from({ length: size }, (_, i) => ({ key: `${id}-${i}`, value: value200 })),
  };
}
