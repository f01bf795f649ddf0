import type { ConnectionOptions } from 'node:tls';

import type { NodeId } from '../core/ids.ts';
import type { PeerMessage } from '../replica/peer-message.ts';
import type { LinkRefusal } from './handshake.ts';

export interface PeerAddress {
  readonly id: NodeId;
  readonly host: string;
  readonly port: number;
}

export interface LinksOptions {
  readonly clusterName: string;
  readonly nodeId: NodeId;
  readonly incarnation: number;
  readonly peers: readonly PeerAddress[];
  /**
   * What every node must have set alike because it is part of what the log means (leases, the window
   * of the request table). Compared when a link is made; read then, not before.
   */
  readonly settings?: () => string;
  /** Known to all nodes of the cluster and nobody else. Empty: anyone who reaches the port may join. */
  readonly secret: string;
  /** Set when the nodes' port speaks TLS: how to dial it (`ca`, and `cert` and `key` where asked). */
  readonly tls?: ConnectionOptions;
  readonly onMessage: (from: NodeId, groupId: string, message: PeerMessage) => void;
  /** The link broke; called once more with `refused` when the peer's port then refuses us. */
  readonly onReset: (peer: NodeId, refused: boolean) => void;
  /** Any sign of life, at least one per ping interval. */
  readonly onHeard?: (peer: NodeId) => void;
  readonly onEvent?: (event: LinkEvent) => void;
  readonly limits?: Partial<LinkLimits>;
  /** For tests; else the real ones. */
  readonly random?: () => number;
}

/** For the log; a refusal is told once, until the link stands or the reason changes. */
export type LinkEvent =
  | { readonly kind: 'linked'; readonly peer: NodeId; readonly incarnation: number }
  | { readonly kind: 'lost'; readonly peer: NodeId; readonly why: string }
  | { readonly kind: 'unreachable'; readonly peer: NodeId; readonly why: string }
  /** By the peer, or by this node when `byUs`; `who` as it called itself. */
  | {
      readonly kind: 'refused';
      readonly who: string;
      readonly byUs: boolean;
      readonly why: LinkRefusal;
      readonly detail: string;
    };

export interface LinkLimits {
  readonly frameBytesMax: number;
  /** What may wait for a slow peer; beyond it `send` says no. */
  readonly bufferBytesMax: number;
  readonly handshakeTimeoutMs: number;
  readonly pingIntervalMs: number;
  /** A link on which nothing was heard for so long is given up. */
  readonly silenceMaxMs: number;
  readonly redialMinMs: number;
  readonly redialMaxMs: number;
}

export const defaultLinkLimits: LinkLimits = {
  frameBytesMax: 64 << 20,
  bufferBytesMax: 32 << 20,
  handshakeTimeoutMs: 3_000,
  pingIntervalMs: 250,
  silenceMaxMs: 5_000,
  redialMinMs: 25,
  redialMaxMs: 500,
};
