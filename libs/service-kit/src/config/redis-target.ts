import { readHostPort, type HostPort } from './addresses.ts';
import { kindOf, type Kind } from './field.ts';

interface RedisAccess {
  readonly tls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
}

/** Where Redis is: one server, a master that Sentinels name, or a Cluster found through any of its nodes. */
export type RedisTarget =
  | ({ readonly kind: 'single'; readonly node: HostPort } & RedisAccess)
  | ({
      readonly kind: 'sentinel';
      readonly sentinels: readonly HostPort[];
      readonly master: string;
    } & RedisAccess)
  | ({ readonly kind: 'cluster'; readonly nodes: readonly HostPort[] } & RedisAccess);

/**
 * `redis://` and `rediss://` as everywhere; `+sentinel` and `+cluster` take several hosts, and a
 * sentinel URL names its master before the database. A URL of several hosts is no URL for
 * `new URL`, which is why this is read here.
 */
const pattern =
  /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^@/?#]+)(?:\/([^?#]*))?$/;

export const redisUrl = (): Kind<RedisTarget> =>
  kindOf(
    'redis://[user:password@]host[:port][/db], rediss:// for TLS, ' +
      'redis+sentinel://host:port,…/master[/db] or redis+cluster://host:port,…',
    readRedisUrl,
  );

export function readRedisUrl(text: string): RedisTarget | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [, scheme, mode, username, password, hosts, path] = match;
  const nodes = readHosts(hosts!, mode === 'sentinel' ? 26_379 : 6_379);
  if (nodes === undefined) return undefined;
  const segments = (path ?? '').split('/').filter((segment) => segment !== '');
  const master = mode === 'sentinel' ? segments.shift() : undefined;
  const database = segments.shift() ?? '0';
  if (segments.length > 0 || !/^\d{1,5}$/.test(database)) return undefined;
  const access = {
    tls: scheme === 'rediss',
    username: decoded(username),
    password: decoded(password),
    database: Number(database),
  };
  switch (mode) {
    case 'sentinel':
      return master === undefined
        ? undefined
        : { kind: 'sentinel', sentinels: nodes, master, ...access };
    case 'cluster':
      return access.database === 0 ? { kind: 'cluster', nodes, ...access } : undefined;
    case undefined:
      return nodes.length === 1 ? { kind: 'single', node: nodes[0]!, ...access } : undefined;
  }
  return undefined;
}

function readHosts(text: string, portDefault: number): readonly HostPort[] | undefined {
  const nodes: HostPort[] = [];
  for (const part of text.split(',')) {
    const node = readHostPort(part) ?? readHostPort(`${part}:${portDefault}`);
    if (node === undefined) return undefined;
    nodes.push(node);
  }
  return nodes;
}

function decoded(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
