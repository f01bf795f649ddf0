import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

import { nodeId, type NodeId } from '../../core/ids.ts';
import type { PeerMessage } from '../../replica/peer-message.ts';
import { createLinks, type Links } from '../links.ts';
import type { LinkEvent, LinksOptions, PeerAddress } from '../options.ts';

export interface Endpoint {
  readonly id: NodeId;
  readonly port: number;
  readonly server: Server;
  readonly sockets: Set<Socket>;
}

/** A node of a cluster as far as its links go; what happens to it can be awaited. */
export class TestNode {
  readonly links: Links;
  readonly events: LinkEvent[] = [];
  readonly messages: [NodeId, string, PeerMessage][] = [];
  readonly resets: [NodeId, boolean][] = [];
  #waiting: { readonly met: () => boolean; readonly resolve: () => void }[] = [];

  constructor(at: Endpoint, peers: readonly PeerAddress[], options: Partial<LinksOptions> = {}) {
    this.links = createLinks({
      clusterName: 'locks',
      nodeId: at.id,
      incarnation: 1,
      peers,
      secret: 's3cret',
      onMessage: (from, groupId, message) => this.#note(this.messages, [from, groupId, message]),
      onReset: (peer, refused) => this.#note(this.resets, [peer, refused]),
      onEvent: (event) => this.#note(this.events, event),
      ...options,
      limits: { redialMinMs: 5, redialMaxMs: 20, ...options.limits },
    });
    at.server.removeAllListeners('upgrade');
    at.server.on('upgrade', (request, socket, head) => {
      if (!this.links.handleUpgrade(request, socket, head)) socket.destroy();
    });
    this.links.start();
  }

  has(kind: LinkEvent['kind']): boolean {
    return this.events.some((event) => event.kind === kind);
  }

  until(met: () => boolean): Promise<void> {
    if (met()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ met, resolve }));
  }

  #note<T>(list: T[], item: T): void {
    list.push(item);
    this.#waiting = this.#waiting.filter(({ met, resolve }) => {
      if (met()) resolve();
      return !met();
    });
  }
}

const noRequests = (_request: unknown, response: ServerResponse): void =>
  void response.writeHead(404).end();

export async function listen(
  id: string,
  server: Server = createServer(noRequests),
): Promise<Endpoint> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { id: nodeId(id), port: (server.address() as AddressInfo).port, server, sockets };
}

export const addressOf = ({ id, port }: Endpoint): PeerAddress => ({ id, host: '127.0.0.1', port });

export async function shut({ server, sockets }: Endpoint): Promise<void> {
  for (const socket of sockets) socket.destroy();
  server.close();
  if (server.listening) await once(server, 'close');
}
