import { once } from 'node:events';
import net from 'node:net';

/**
 * Stands between the store and Redis and cuts the connection at the worst moment: before a command
 * reaches Redis, or after Redis has carried it out and before the answer is back.
 */
export class CuttingProxy {
  private readonly server: net.Server;
  private readonly sockets = new Set<net.Socket>();
  private cut: 'request' | 'answer' | undefined;
  private cutting: (() => void) | undefined;

  private constructor(server: net.Server) {
    this.server = server;
  }

  static async start(targetPort: number): Promise<CuttingProxy> {
    const server = net.createServer();
    const proxy = new CuttingProxy(server);
    server.on('connection', (client) => proxy.join(client, net.connect(targetPort, '127.0.0.1')));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.server.address() as net.AddressInfo).port}`;
  }

  /** Resolves when the next command, or the answer to it, has been swallowed. */
  cutNext(what: 'request' | 'answer'): Promise<void> {
    this.cut = what;
    return new Promise((resolve) => (this.cutting = resolve));
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private join(client: net.Socket, redis: net.Socket): void {
    const end = (): void => {
      client.destroy();
      redis.destroy();
    };
    for (const socket of [client, redis]) {
      this.sockets.add(socket);
      socket.on('error', end).on('close', end);
    }
    client.on('data', (bytes) => {
      if (!this.takeCut('request', end)) redis.write(bytes);
    });
    redis.on('data', (bytes) => {
      if (!this.takeCut('answer', end)) client.write(bytes);
    });
  }

  private takeCut(what: 'request' | 'answer', end: () => void): boolean {
    if (this.cut !== what) return false;
    this.cut = undefined;
    end();
    this.cutting?.();
    return true;
  }
}
