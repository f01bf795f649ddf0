import type { Duplex } from 'node:stream';
import type { ConnectionOptions, TLSSocket } from 'node:tls';

import type { Mismatch } from './dial.ts';

/** A failure to dial that waiting does not mend; `undefined`: the peer may just not be there yet. */
export function lastingFailure(
  error: NodeJS.ErrnoException,
  connection: { readonly secure: boolean; readonly connected: boolean },
): Mismatch | undefined {
  const { code = '', message } = error;
  if (connection.secure && (code.startsWith('ERR_SSL') || code === 'EPROTO')) {
    return { why: 'no-tls', detail: `its port does not speak TLS as we do (${reasonIn(message)})` };
  }
  // What the system says of a socket begins with E; what OpenSSL says of a certificate does not.
  if (connection.secure && (code.startsWith('ERR_TLS') || /^[A-DF-Z][A-Z]*_/.test(code))) {
    return { why: 'untrusted-certificate', detail: message };
  }
  if (connection.connected && code === 'ECONNRESET') {
    const detail = connection.secure
      ? 'it closed the connection before it was secure: perhaps its port speaks no TLS'
      : 'it closed the connection without an answer: perhaps its port speaks TLS only';
    return { why: 'no-answer', detail };
  }
  return undefined;
}

/** A certificate is asked of whoever links, where there is an authority to judge it by. */
export function untrusted(
  socket: Duplex,
  tls: ConnectionOptions | undefined,
): Mismatch | undefined {
  if (tls?.ca === undefined) return undefined;
  const { authorized, authorizationError } = socket as Partial<TLSSocket>;
  if (authorized === true) return undefined;
  const why = authorizationError === undefined ? 'it has shown none' : String(authorizationError);
  return { why: 'untrusted-certificate', detail: `our authority did not sign its own: ${why}` };
}

/** OpenSSL: `error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:file:line:`. */
const reasonIn = (message: string): string =>
  /SSL routines:[^:]*:([^:]+)/.exec(message)?.[1] ?? message;
