import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ConnectionOptions } from 'node:tls';

import {
  addresseeHeader,
  fromHeaders,
  type Introduction,
  isProof,
  type LinkRefusal,
  linkPath,
  linkProtocol,
  newNonce,
  proofHeader,
  prove,
  refusalHeader,
  textHeader,
  toHeaders,
} from './handshake.ts';
import type { PeerAddress } from './options.ts';
import { lastingFailure } from './tls-failure.ts';

export interface DialOptions {
  readonly self: Omit<Introduction, 'nonce'>;
  readonly to: PeerAddress;
  readonly secret: string;
  readonly tls: ConnectionOptions | undefined;
  readonly timeoutMs: number;
}

export type Dialled =
  | {
      readonly kind: 'linked';
      readonly socket: Duplex;
      readonly head: Buffer;
      readonly incarnation: number;
    }
  | {
      readonly kind: 'refused';
      readonly byUs: boolean;
      readonly why: LinkRefusal;
      readonly detail: string;
    }
  /** `gone`: the peer's machine answers and nobody listens on the port. */
  | { readonly kind: 'unreachable'; readonly gone: boolean; readonly why: string };

/** One attempt to open a link; `done` is called once. Returns a function that gives it up. */
export function dial(options: DialOptions, done: (result: Dialled) => void): () => void {
  const self: Introduction = { ...options.self, nonce: newNonce() };
  const request = (options.tls === undefined ? httpRequest : httpsRequest)({
    ...options.tls,
    host: options.to.host,
    port: options.to.port,
    path: linkPath,
    agent: false,
    headers: {
      connection: 'Upgrade',
      upgrade: linkProtocol,
      [addresseeHeader]: encodeURIComponent(options.to.id),
      ...toHeaders(self),
    },
  });
  let open = true;
  const end = (result: Dialled) => {
    if (!open) return;
    open = false;
    clearTimeout(timer);
    if (result.kind !== 'linked') request.destroy();
    done(result);
  };
  const timer = setTimeout(() => {
    end({ kind: 'unreachable', gone: false, why: `no answer in ${options.timeoutMs} ms` });
  }, options.timeoutMs);
  let connected = false;
  request.on('socket', (socket) => socket.once('connect', () => (connected = true)));
  request.on('error', (error: NodeJS.ErrnoException) => {
    const lasting = lastingFailure(error, { secure: options.tls !== undefined, connected });
    if (lasting !== undefined) end({ kind: 'refused', byUs: true, ...lasting });
    else end({ kind: 'unreachable', gone: error.code === 'ECONNREFUSED', why: error.message });
  });
  request.on('response', (response) => end(refusalOf(response)));
  request.on('upgrade', (response, socket, head) => {
    const result = answered(options, self, { response, socket, head });
    if (!open || result.kind !== 'linked') socket.destroy();
    end(result);
  });
  request.end();
  return () => {
    open = false;
    clearTimeout(timer);
    request.destroy();
  };
}

/** The peer claims to take the link: it must be whom we meant, and know the secret. */
function answered(
  { self: own, to, secret }: DialOptions,
  self: Introduction,
  answer: { readonly response: IncomingMessage; readonly socket: Duplex; readonly head: Buffer },
): Dialled {
  const { headers } = answer.response;
  const peer = fromHeaders(headers);
  if (peer === undefined) {
    return { kind: 'refused', byUs: true, why: 'not-a-link', detail: 'its answer names nobody' };
  }
  const wrong = mismatch(own, peer) ?? wrongNode(to, peer);
  if (wrong !== undefined) return { kind: 'refused', byUs: true, ...wrong };
  const transcript = { dialler: self, acceptor: peer };
  const claimed = Buffer.from(textHeader(headers, proofHeader) ?? '', 'base64url');
  if (!isProof(claimed, prove(secret, 'acceptor', transcript))) {
    const detail = `${peer.node} does not know our secret`;
    return { kind: 'refused', byUs: true, why: 'wrong-secret', detail };
  }
  answer.socket.write(prove(secret, 'dialler', transcript));
  const { socket, head } = answer;
  return { kind: 'linked', socket, head, incarnation: peer.incarnation };
}

export interface Mismatch {
  readonly why: LinkRefusal;
  readonly detail: string;
}

/** Both sides check it: neither trusts the other to. */
export function mismatch(
  self: Omit<Introduction, 'nonce'>,
  peer: Introduction,
): Mismatch | undefined {
  if (peer.protocol !== self.protocol) {
    const detail = `it speaks protocol ${peer.protocol}, we speak ${self.protocol}`;
    return { why: 'other-protocol', detail };
  }
  if (peer.cluster !== self.cluster) {
    const detail = `it belongs to the cluster "${peer.cluster}", we to "${self.cluster}"`;
    return { why: 'other-cluster', detail };
  }
  if (peer.settings !== self.settings) {
    const detail = `it is set to ${peer.settings}, we to ${self.settings}`;
    return { why: 'other-settings', detail };
  }
  return undefined;
}

function wrongNode(meant: PeerAddress, peer: Introduction): Mismatch | undefined {
  if (peer.node === meant.id) return undefined;
  const detail = `${meant.host}:${meant.port} is "${peer.node}", not "${meant.id}"`;
  return { why: 'wrong-address', detail };
}

/** An ordinary answer: the peer's refusal, or some other server's opinion of our request. */
function refusalOf(response: IncomingMessage): Dialled {
  response.resume();
  const [why, ...detail] = (textHeader(response.headers, refusalHeader) ?? '').split(': ');
  if (why === undefined || why === '') {
    const answer = `it answered ${response.statusCode ?? 0}: no node of this kind`;
    return { kind: 'refused', byUs: false, why: 'not-a-link', detail: answer };
  }
  return { kind: 'refused', byUs: false, why: why as LinkRefusal, detail: detail.join(': ') };
}

/** Whether nobody listens on a peer's port any more; `done` is called once. */
export function probe(
  { host, port }: PeerAddress,
  timeoutMs: number,
  done: (gone: boolean) => void,
): void {
  const socket = connect({ host, port, timeout: timeoutMs });
  const end = (gone: boolean) => {
    socket.removeAllListeners();
    socket.on('error', () => undefined);
    socket.destroy();
    done(gone);
  };
  socket.on('connect', () => end(false));
  socket.on('timeout', () => end(false));
  socket.on('error', (error: NodeJS.ErrnoException) => end(error.code === 'ECONNREFUSED'));
}
