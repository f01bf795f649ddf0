/** The load: plain sockets that send the same bytes again as soon as an answer is complete. */
import { connect, type Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

export interface LoadTask {
  readonly port: number;
  readonly seconds: number;
  readonly connections: number;
}

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failed: number;
}

const body = JSON.stringify({ key: 'orders/42', client_id: 'bench', ttl_ms: 10_000 });
const bytes = Buffer.from(
  `POST /lock/acquire HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n` +
    `content-length: ${body.length}\r\n\r\n${body}`,
);

const task = workerData as LoadTask;
const times: number[] = [];
let failed = 0;
let measuring = false;
const sockets: Socket[] = [];

function drive(): void {
  const socket = connect({ port: task.port, host: '127.0.0.1', noDelay: true });
  sockets.push(socket);
  let pending = '';
  let sentMs = 0;
  const send = (): void => {
    sentMs = performance.now();
    socket.write(bytes);
  };
  socket.on('connect', send);
  socket.on('data', (chunk: Buffer) => {
    pending += chunk.toString('latin1');
    const end = pending.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(pending)?.[1] ?? 0);
    if (pending.length < end + 4 + length) return;
    if (measuring) {
      times.push(performance.now() - sentMs);
      if (!pending.startsWith('HTTP/1.1 200')) failed += 1;
    }
    pending = pending.slice(end + 4 + length);
    send();
  });
}

for (let i = 0; i < task.connections; i += 1) drive();
setTimeout(() => (measuring = true), 1_000);
setTimeout(
  () => {
    for (const socket of sockets) socket.destroy();
    times.sort((a, b) => a - b);
    const at = (share: number): number => times[Math.floor(times.length * share)] ?? NaN;
    const perSecond = times.length / task.seconds;
    const result: LoadResult = { perSecond, p50Ms: at(0.5), p99Ms: at(0.99), failed };
    parentPort!.postMessage(result);
  },
  1_000 + 1_000 * task.seconds,
);
