import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** Seen from whoever dials: what it sends goes `forth`, what it is answered comes `back`. */
export type ProxyDirection = 'forth' | 'back';

/**
 * - `pass`: bytes go through, `delayMs` later.
 * - `hold`: a black hole. Nothing arrives and nobody is told; what was under way arrives when the
 *   hole closes, as TCP would send it again, or never, if the connection is reset before.
 */
export type Treatment =
  { readonly kind: 'pass'; readonly delayMs: number } | { readonly kind: 'hold' };

const passing: Treatment = { kind: 'pass', delayMs: 0 };
const heldBytesMax = 1024 * 1024;

/** A TCP relay on loopback between one dialler and one listener, that can be broken in each direction. */
export class TcpProxy {
  readonly port: number;
  private readonly server: Server;
  private readonly targetPort: number;
  private readonly lanes = new Set<Lane>();
  private readonly sockets = new Set<Socket>();
  private readonly treatments: Record<ProxyDirection, Treatment> = {
    forth: passing,
    back: passing,
  };
  private refusing = false;

  private constructor(server: Server, targetPort: number) {
    this.server = server;
    this.targetPort = targetPort;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket) => this.accept(socket));
  }

  static async open(targetPort: number): Promise<TcpProxy> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    server.unref();
    return new TcpProxy(server, targetPort);
  }

  treat(direction: ProxyDirection, treatment: Treatment): void {
    this.treatments[direction] = treatment;
    for (const lane of this.lanes) if (lane.direction === direction) lane.treat(treatment);
  }

  /** Breaks every connection at once, with a reset; new ones are as welcome as before. */
  reset(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  /** While true, connections are broken as soon as they are made. */
  refuse(refusing: boolean): void {
    this.refusing = refusing;
    if (refusing) this.reset();
  }

  get connections(): number {
    return this.sockets.size / 2;
  }

  async close(): Promise<void> {
    this.refuse(true);
    this.server.close();
    await once(this.server, 'close');
  }

  private accept(dialler: Socket): void {
    if (this.refusing) {
      dialler.resetAndDestroy();
      return;
    }
    const listener = connect({
      port: this.targetPort,
      host: '127.0.0.1',
      allowHalfOpen: true,
      noDelay: true,
    });
    this.link(dialler, listener, 'forth');
    this.link(listener, dialler, 'back');
  }

  private link(from: Socket, to: Socket, direction: ProxyDirection): void {
    const lane = new Lane(from, to, direction, this.treatments[direction]);
    this.lanes.add(lane);
    this.sockets.add(from);
    from.on('error', () => to.destroy());
    from.on('close', () => {
      lane.stop();
      this.lanes.delete(lane);
      this.sockets.delete(from);
      to.destroy();
    });
  }
}

/** One direction of one connection. */
class Lane {
  readonly direction: ProxyDirection;
  private readonly from: Socket;
  private readonly to: Socket;
  private treatment: Treatment;
  private queue: { bytes: Buffer | undefined; dueMs: number }[] = [];
  private queuedBytes = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket, direction: ProxyDirection, treatment: Treatment) {
    this.from = from;
    this.to = to;
    this.direction = direction;
    this.treatment = treatment;
    from.on('data', (bytes: Buffer) => this.arrive(bytes));
    from.on('end', () => this.arrive(undefined));
    to.on('drain', () => this.pump());
  }

  treat(treatment: Treatment): void {
    this.treatment = treatment;
    this.pump();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.queue = [];
  }

  /** `undefined` stands for the end of the stream, which waits its turn like any byte. */
  private arrive(bytes: Buffer | undefined): void {
    const delayMs = this.treatment.kind === 'pass' ? this.treatment.delayMs : 0;
    this.queue.push({ bytes, dueMs: performance.now() + delayMs });
    this.queuedBytes += bytes?.length ?? 0;
    if (this.queuedBytes > heldBytesMax) this.from.pause();
    this.pump();
  }

  private pump(): void {
    if (this.timer !== undefined) return;
    while (this.treatment.kind === 'pass' && !this.to.writableNeedDrain) {
      const next = this.queue[0];
      if (next === undefined) break;
      const waitMs = next.dueMs - performance.now();
      if (waitMs > 0) {
        this.timer = setTimeout(() => {
          this.timer = undefined;
          this.pump();
        }, Math.ceil(waitMs));
        return;
      }
      this.queue.shift();
      this.queuedBytes -= next.bytes?.length ?? 0;
      if (next.bytes === undefined) this.to.end();
      else this.to.write(next.bytes);
    }
    if (this.queuedBytes <= heldBytesMax) this.from.resume();
  }
}
