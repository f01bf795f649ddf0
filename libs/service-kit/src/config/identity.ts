import { formatHostPort, isLoopback, isWildcard, type HostPort, type Peer } from './addresses.ts';
import type { Field } from './field.ts';
import type { Env, Rule } from './read.ts';

/**
 * Who this node is among its peers. PEER_NODES may be the same list on every node (then it holds this
 * node too, and says under which address the others reach it) or may leave this node out. Either way
 * `members` is everybody and `peers` everybody else, both in the order of their ids.
 */
export interface Identity {
  readonly self: Peer;
  readonly peers: readonly Peer[];
  readonly members: readonly Peer[];
}

export interface IdentityValues {
  readonly nodeId: string | undefined;
  readonly nodeHost: string;
  readonly nodePort: number;
  readonly peerNodes: readonly Peer[];
}

export function deriveIdentity(values: IdentityValues, env: Env): Identity {
  const listed = entryOf(values, env);
  const self = listed ?? {
    id: values.nodeId ?? `node-${values.nodePort}`,
    host: isWildcard(values.nodeHost) ? (env['HOSTNAME'] ?? '127.0.0.1') : values.nodeHost,
    port: values.nodePort,
  };
  const others = values.peerNodes.filter((peer) => peer.id !== self.id).sort(byId);
  return { self, peers: others, members: [self, ...others].sort(byId) };
}

/** The entry that is this node: by its id if it has one, else by the address it listens on. */
function entryOf(values: IdentityValues, env: Env): Peer | undefined {
  if (values.nodeId !== undefined) {
    return values.peerNodes.find((peer) => peer.id === values.nodeId);
  }
  const here = { host: values.nodeHost, port: values.nodePort };
  return values.peerNodes.find((peer) => listensAt(here, peer, env['HOSTNAME']));
}

function listensAt(here: HostPort, peer: HostPort, hostname: string | undefined): boolean {
  if (peer.port !== here.port) return false;
  if (peer.host === here.host || peer.host === hostname) return true;
  return isLoopback(peer.host) && (isLoopback(here.host) || isWildcard(here.host));
}

type IdentityFields = Record<'nodeId', Field<string | undefined>> &
  Record<'nodeHost', Field<string>> &
  Record<'nodePort', Field<number>> &
  Record<'peerNodes', Field<readonly Peer[]>>;

export const identityRules: readonly Rule<IdentityFields>[] = [
  {
    // Another node that claims this node's own address would be sent this node's messages to itself.
    reads: ['nodeId', 'nodeHost', 'nodePort', 'peerNodes'],
    check: ({ nodeId, nodeHost, nodePort, peerNodes }) => {
      if (nodeId === undefined) return undefined;
      const listed = peerNodes.find((peer) => peer.id === nodeId);
      const here = { host: nodeHost, port: nodePort };
      const twin = peerNodes.find(
        (peer) => peer.id !== nodeId && listed === undefined && listensAt(here, peer, undefined),
      );
      return twin === undefined
        ? undefined
        : {
            variable: 'NODE_ID',
            takes: `the id PEER_NODES gives to ${formatHostPort(twin)}, which is "${twin.id}"`,
          };
    },
  },
];

function byId(a: Peer, b: Peer): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
