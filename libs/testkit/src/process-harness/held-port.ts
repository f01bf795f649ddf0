import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';

/**
 * A port that the system chose and that we hold until the process that is to have it starts. The
 * moment between letting go and its own `listen` cannot be closed, so whoever starts a process must
 * be ready to try again with another port.
 */
export class HeldPort {
  readonly port: number;
  private readonly server: Server;

  private constructor(server: Server) {
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  static async take(port = 0): Promise<HeldPort> {
    const server = createServer((socket) => socket.destroy());
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    server.unref();
    return new HeldPort(server);
  }

  async release(): Promise<void> {
    if (!this.server.listening) return;
    this.server.close();
    await once(this.server, 'close');
  }
}
