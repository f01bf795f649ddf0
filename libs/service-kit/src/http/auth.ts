import { createHash, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import type { ApiToken } from '../config/api-tokens.ts';

export interface Authenticator {
  /** The name of the token in an Authorization header, or `undefined` for a header that has none. */
  callerOf(authorization: string | undefined, socket: Socket): string | undefined;
}

export const anonymous = 'anonymous';

interface Known {
  readonly name: string;
  readonly digest: Buffer;
}

/**
 * Tokens are compared as digests, all of them every time, so that the time taken says nothing of how
 * much of a guess was right or whose token it was. A connection that has shown a good token is
 * remembered with it: who sends the same header again on that connection knows the token already, so a
 * plain comparison gives nothing away and saves the digest on every further request.
 */
export function authenticator(tokens: readonly ApiToken[]): Authenticator {
  if (tokens.length === 0) return { callerOf: () => anonymous };
  const known = tokens.map(({ name, token }): Known => ({ name, digest: digestOf(token) }));
  const shown = new WeakMap<Socket, { readonly header: string; readonly name: string }>();
  return {
    callerOf(authorization, socket) {
      if (authorization === undefined) return undefined;
      const before = shown.get(socket);
      if (before?.header === authorization) return before.name;
      const name = find(known, authorization);
      if (name !== undefined) shown.set(socket, { header: authorization, name });
      return name;
    },
  };
}

function find(known: readonly Known[], authorization: string): string | undefined {
  const match = /^Bearer +([A-Za-z0-9\-._~+/]+=*)$/i.exec(authorization);
  if (match === null) return undefined;
  const digest = digestOf(match[1]!);
  let name: string | undefined;
  for (const candidate of known) {
    if (timingSafeEqual(candidate.digest, digest)) name = candidate.name;
  }
  return name;
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
