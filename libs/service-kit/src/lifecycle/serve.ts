import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { formatHostPort } from '../config/addresses.ts';
import type { TlsMaterial } from '../config/tls.ts';
import type { Service } from '../http/service.ts';
import { stopGracefully, type StopHook } from './graceful-stop.ts';
import { StartError } from './start-error.ts';

export type OnUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

export interface ServeOptions {
  readonly service: Service;
  readonly host: string;
  /** 0 takes any free port; the answer says which. */
  readonly port: number;
  readonly tls?: TlsMaterial | undefined;
  /** Takes over a connection, as the links between nodes do. Without it upgrades are refused. */
  readonly onUpgrade?: OnUpgrade;
  /** What to do at the end, in this order, once no new connections are taken. */
  readonly stopHooks?: readonly StopHook[];
}

export interface RunningServer {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Stops once, however often it is called; settles when everything is closed. */
  stop(): Promise<void>;
}

/** The port cannot be had. */
export class ListenError extends StartError {
  override readonly name = 'ListenError';
}

/** Longer than proxies keep their idle connections, so that never we are the one to close first. */
const keepAliveTimeoutMs = 65_000;
const headersTimeoutMs = 10_000;
const wholeRequestTimeoutMs = 60_000;

/** Serves a service on one port: requests, and upgrades for whoever wants them. Touches no signals. */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const { service, tls } = options;
  const server: Server = tls === undefined ? createHttpServer() : createHttpsServer(secure(tls));
  server.keepAliveTimeout = keepAliveTimeoutMs;
  server.headersTimeout = headersTimeoutMs;
  server.requestTimeout = wholeRequestTimeoutMs;
  server.on('request', service.listener);
  // The exchange says "continue" itself, once nothing in the head speaks against the body.
  server.on('checkContinue', service.listener);
  const upgraded = watchUpgrades(server, options.onUpgrade);
  const port = await listen(server, options);
  const { host } = options;
  const shownHost = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  let stopped: Promise<void> | undefined;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${formatHostPort({ host: shownHost, port })}`,
    host,
    port,
    stop: () =>
      (stopped ??= stopGracefully({ server, service, upgraded, hooks: options.stopHooks ?? [] })),
  };
}

/** Clients need no certificate; whoever takes an upgrade looks at `socket.authorized`. */
function secure({ cert, key, ca }: TlsMaterial) {
  const base = { cert, key, minVersion: 'TLSv1.2' as const };
  return ca === undefined ? base : { ...base, ca, requestCert: true, rejectUnauthorized: false };
}

function watchUpgrades(server: Server, onUpgrade: OnUpgrade | undefined): ReadonlySet<Duplex> {
  const upgraded = new Set<Duplex>();
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (onUpgrade === undefined) {
      socket.end('HTTP/1.1 426 Upgrade Required\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    upgraded.add(socket);
    socket.once('close', () => upgraded.delete(socket));
    onUpgrade(request, socket, head);
  });
  return upgraded;
}

function listen(server: Server, { host, port }: ServeOptions): Promise<number> {
  // "localhost" would be ::1 or 127.0.0.1 by the mood of the resolver, and half the clients miss it.
  const address = host === 'localhost' ? '127.0.0.1' : host;
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new ListenError(listenLine(error, { host, port }), { cause: error }));
    });
    server.listen({ host: address, port, backlog: 1_024 }, () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function listenLine(error: NodeJS.ErrnoException, at: { host: string; port: number }): string {
  const where = formatHostPort(at);
  const lines: Readonly<Record<string, string>> = {
    EADDRINUSE: `port ${at.port} is taken: something else listens on ${where}; stop it, or set NODE_PORT`,
    EACCES: `port ${at.port} is not for this user: set NODE_PORT to a port above 1023`,
    EADDRNOTAVAIL: `${at.host} is no address of this machine: set NODE_HOST`,
    ENOTFOUND: `${at.host} is no name of this machine: set NODE_HOST`,
  };
  return (
    lines[error.code ?? ''] ?? `cannot listen on ${where} (NODE_HOST, NODE_PORT): ${error.message}`
  );
}
