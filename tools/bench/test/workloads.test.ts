import type { Response } from '../src/response-reader.ts';
import { workloads, type Script } from '../src/workloads.ts';

const answer = (status: number, body: object = {}): Response => ({
  status,
  body: Buffer.from(JSON.stringify(body)),
});

const requestOf = (bytes: Buffer): { readonly path: string; readonly body: string } => {
  const [head = '', body = ''] = bytes.toString().split('\r\n\r\n');
  return { path: head.split(' ')[1]!, body };
};

const taken = (count: number): object => ({
  messages: Array.from({ length: count }, (_, i) => ({ receipt: `r${i}` })),
});

describe('a workload', () => {
  const pipeline = (): Script => workloads.enqueueDequeueAck(3, { run: 7, batch: 10 });

  it('counts the messages that were taken, not those that were asked for', () => {
    const script = pipeline();
    script.next(undefined);
    expect(script.count(answer(200))).toBe(0);
    expect(requestOf(script.next(answer(200))).path).toBe('/queue/deq');
    expect(script.count(answer(200, taken(4)))).toBe(0);
    expect(requestOf(script.next(answer(200, taken(4)))).body).toContain('"r3"');
    expect(script.count(answer(200))).toBe(4);
  });

  it('begins its round anew when it was refused, and counts nothing', () => {
    const script = pipeline();
    script.next(undefined);
    script.count(answer(200));
    script.next(answer(200));
    expect(script.count(answer(429))).toBeUndefined();
    expect(requestOf(script.next(answer(429))).path).toBe('/queue/enq');
  });

  it('gives each message of a batch a key of its own', () => {
    const { messages } = JSON.parse(requestOf(pipeline().next(undefined)).body) as {
      readonly messages: readonly { readonly key: string }[];
    };
    expect(new Set(messages.map(({ key }) => key)).size).toBe(10);
  });
});
