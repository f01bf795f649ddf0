import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ConnectionOptions } from 'node:tls';

import { type Mismatch, mismatch } from './dial.ts';
import {
  addresseeHeader,
  fromHeaders,
  type Introduction,
  isProof,
  linkPath,
  linkProtocol,
  newNonce,
  proofBytes,
  proofHeader,
  prove,
  refusalHeader,
  textHeader,
  toHeaders,
} from './handshake.ts';
import { untrusted } from './tls-failure.ts';

export interface AcceptOptions {
  readonly self: Omit<Introduction, 'nonce'>;
  readonly secret: string;
  readonly tls: ConnectionOptions | undefined;
  readonly timeoutMs: number;
  /** The node may not be linked to, for this reason. */
  readonly objection: (peer: Introduction) => Mismatch | undefined;
}

export type Accepted =
  | { readonly kind: 'linked'; readonly peer: Introduction; readonly head: Buffer }
  | ({ readonly kind: 'refused'; readonly who: string } & Mismatch);

/**
 * The answering side of the handshake, on a request to upgrade that came in on the node's port.
 * Until the peer has proved itself, nothing it sends is looked at and little of it is kept.
 */
export function accept(
  options: AcceptOptions,
  request: IncomingMessage,
  connection: { readonly socket: Duplex; readonly head: Buffer },
  done: (result: Accepted) => void,
): void {
  const { socket } = connection;
  socket.on('error', () => socket.destroy());
  const peer = fromHeaders(request.headers);
  const wrong = objectionTo(options, request, peer) ?? untrusted(socket, options.tls);
  if (peer === undefined || wrong !== undefined) {
    const refusal = wrong ?? { why: 'not-a-link' as const, detail: 'it does not name itself' };
    refuse(socket, refusal);
    done({ kind: 'refused', who: peer?.node ?? 'a stranger', ...refusal });
    return;
  }
  const self: Introduction = { ...options.self, nonce: newNonce() };
  const transcript = { dialler: peer, acceptor: self };
  socket.write(welcome(self, prove(options.secret, 'acceptor', transcript)));
  const expected = prove(options.secret, 'dialler', transcript);
  awaitProof(connection, options.timeoutMs, (proof, head) => {
    if (proof !== undefined && isProof(proof, expected)) {
      done({ kind: 'linked', peer, head });
      return;
    }
    socket.destroy();
    const detail = 'it did not prove that it knows our secret';
    done({ kind: 'refused', who: peer.node, why: 'wrong-secret', detail });
  });
}

function objectionTo(
  options: AcceptOptions,
  request: IncomingMessage,
  peer: Introduction | undefined,
): Mismatch | undefined {
  const path = request.url?.split('?')[0];
  if (path !== linkPath || request.headers.upgrade !== linkProtocol || peer === undefined) {
    return { why: 'not-a-link', detail: 'this is no request to link two nodes' };
  }
  const wrong = mismatch(options.self, peer);
  if (wrong !== undefined) return wrong;
  const meant = textHeader(request.headers, addresseeHeader);
  if (meant !== options.self.node) {
    const detail = `you look for "${meant ?? ''}", this is "${options.self.node}"`;
    return { why: 'wrong-address', detail };
  }
  return options.objection(peer);
}

const welcome = (self: Introduction, proof: Buffer): string =>
  head('101 Switching Protocols', {
    connection: 'Upgrade',
    upgrade: linkProtocol,
    ...toHeaders(self),
    [proofHeader]: proof.toString('base64url'),
  });

export function refuse(socket: Duplex, { why, detail }: Mismatch): void {
  const headers = {
    connection: 'close',
    'content-length': '0',
    [refusalHeader]: encodeURIComponent(`${why}: ${detail}`),
  };
  socket.end(head(why === 'not-a-link' ? '400 Bad Request' : '403 Forbidden', headers));
}

const head = (status: string, headers: Readonly<Record<string, string>>): string =>
  [
    `HTTP/1.1 ${status}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    '\r\n',
  ].join('\r\n');

/** `undefined`: the connection ended, or time did. */
function awaitProof(
  { socket, head: first }: { readonly socket: Duplex; readonly head: Buffer },
  timeoutMs: number,
  done: (proof: Buffer | undefined, rest: Buffer) => void,
): void {
  let held = Buffer.alloc(0);
  const end = (proof: Buffer | undefined) => {
    clearTimeout(timer);
    socket.off('data', take);
    socket.off('close', fail);
    socket.off('end', fail);
    done(proof, held.subarray(proofBytes));
  };
  const fail = () => end(undefined);
  const take = (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    if (held.length < proofBytes) return;
    socket.pause();
    end(held.subarray(0, proofBytes));
  };
  const timer = setTimeout(fail, timeoutMs);
  socket.on('data', take);
  socket.on('close', fail);
  socket.on('end', fail);
  if (first.length > 0) take(first);
}
