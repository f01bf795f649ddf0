import { kindOf, type Kind } from './field.ts';
import { namePattern } from './kinds.ts';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

export interface Peer extends HostPort {
  readonly id: string;
}

const hostPort = /^(?:\[([0-9a-f:.]+)\]|([A-Za-z0-9][A-Za-z0-9._-]*)):(\d{1,5})$/i;

/** `host:port`, with an IPv6 address in brackets as in a URL. */
export function readHostPort(text: string): HostPort | undefined {
  const match = hostPort.exec(text);
  if (match === null) return undefined;
  const port = Number(match[3]);
  return port >= 1 && port <= 65_535 ? { host: match[1] ?? match[2]!, port } : undefined;
}

export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Names of this machine that a list of peers may use for one another. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

export function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

function readPeer(text: string): Peer | undefined {
  const at = text.indexOf('@');
  const id = text.slice(0, at);
  const address = readHostPort(text.slice(at + 1));
  return at > 0 && namePattern.test(id) && address !== undefined ? { id, ...address } : undefined;
}

/** The members of a cluster. Two entries of one id or of one address are refused: one of them is wrong. */
export const peers = (): Kind<readonly Peer[]> =>
  kindOf(
    'a comma list of id@host:port, each id and each address once, such as n2@10.0.0.2:8000,n3@10.0.0.3:8000',
    (text) => {
      const found: Peer[] = [];
      const seen = new Set<string>();
      for (const part of text.split(',').map((item) => item.trim())) {
        if (part === '') continue;
        const peer = readPeer(part);
        if (peer === undefined) return undefined;
        const address = `@${formatHostPort(peer)}`;
        if (seen.has(peer.id) || seen.has(address)) return undefined;
        seen.add(peer.id).add(address);
        found.push(peer);
      }
      return found;
    },
  );
