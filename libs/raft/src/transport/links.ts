import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import type { NodeId } from '../core/ids.ts';
import type { PeerMessage } from '../replica/peer-message.ts';
import { accept, refuse } from './accept.ts';
import { dial, type Dialled, type Mismatch, probe } from './dial.ts';
import { type Introduction, linkPath, protocolVersion } from './handshake.ts';
import { Link } from './link.ts';
import {
  defaultLinkLimits,
  type LinkEvent,
  type LinkLimits,
  type LinksOptions,
  type PeerAddress,
} from './options.ts';

export interface Links {
  /** Begins to dial; links that others open are taken from the start. */
  start(): void;
  /** False: not sent, and never will be. */
  send(to: NodeId, groupId: string, message: PeerMessage): boolean;
  /** For the HTTP server's `upgrade` event. False: not a link's path, the socket is untouched. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  status(): readonly LinkStatus[];
  close(): void;
}

export interface LinkStatus {
  readonly peer: NodeId;
  readonly linked: boolean;
  readonly waitingBytes: number;
}

export function createLinks(options: LinksOptions): Links {
  return new NodeLinks(options);
}

interface Peer {
  readonly address: PeerAddress;
  link: Link | undefined;
  /** The greatest seen: a former life of the peer must not take the place of a newer. */
  incarnation: number;
  redials: number;
  giveUp: (() => void) | undefined;
  timer: NodeJS.Timeout | undefined;
  probe: NodeJS.Timeout | undefined;
  /** The last thing said about it, so that it is said once. */
  said: string;
}

const probesMax = 20;
const probePauseMs = 10;

/**
 * One duplex connection for each pair of nodes. The one with the greater id dials, again and again
 * until it is linked; the other waits. Groups share the link.
 */
class NodeLinks implements Links {
  readonly #options: LinksOptions;
  readonly #limits: LinkLimits;
  readonly #peers = new Map<string, Peer>();
  #beat: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: LinksOptions) {
    this.#options = options;
    this.#limits = { ...defaultLinkLimits, ...options.limits };
    for (const address of options.peers) {
      if (address.id === options.nodeId) continue;
      this.#peers.set(address.id, {
        address,
        link: undefined,
        incarnation: -1,
        redials: 0,
        giveUp: undefined,
        timer: undefined,
        probe: undefined,
        said: '',
      });
    }
  }

  start(): void {
    const { pingIntervalMs } = this.#limits;
    this.#beat = setInterval(() => {
      for (const { link } of this.#peers.values()) link?.beat(pingIntervalMs);
    }, pingIntervalMs);
    for (const peer of this.#peers.values()) {
      if (this.#dials(peer)) this.#dial(peer);
    }
  }

  send(to: NodeId, groupId: string, message: PeerMessage): boolean {
    return this.#peers.get(to)?.link?.send(groupId, message) ?? false;
  }

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    if (request.url?.split('?')[0] !== linkPath) return false;
    if (this.#closed) {
      socket.on('error', () => socket.destroy());
      refuse(socket, { why: 'stopping', detail: 'this node is stopping' });
      return true;
    }
    const options = {
      self: this.#introduction(),
      secret: this.#options.secret,
      tls: this.#options.tls,
      timeoutMs: this.#limits.handshakeTimeoutMs,
      objection: (peer: Introduction) => this.#objection(peer),
    };
    accept(options, request, { socket, head }, (accepted) => {
      if (accepted.kind === 'refused') {
        const { who, why, detail } = accepted;
        this.#say(this.#peers.get(who), { kind: 'refused', who, byUs: true, why, detail });
        return;
      }
      const { incarnation, node } = accepted.peer;
      const peer = this.#peers.get(node);
      // A newer life may have been linked while this one was still proving itself.
      if (peer === undefined || this.#closed || incarnation < peer.incarnation) socket.destroy();
      else this.#linked(peer, { socket, head: accepted.head, incarnation });
    });
    return true;
  }

  status(): readonly LinkStatus[] {
    return [...this.#peers.values()].map(({ address, link }) => ({
      peer: address.id,
      linked: link !== undefined,
      waitingBytes: link?.waitingBytes ?? 0,
    }));
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#beat);
    for (const peer of this.#peers.values()) {
      clearTimeout(peer.timer);
      clearTimeout(peer.probe);
      peer.giveUp?.();
      peer.link?.end();
    }
  }

  #introduction(): Omit<Introduction, 'nonce'> {
    const { clusterName, nodeId, incarnation, settings } = this.#options;
    return {
      protocol: protocolVersion,
      cluster: clusterName,
      node: nodeId,
      incarnation,
      settings: settings?.() ?? '',
    };
  }

  #dials({ address }: Peer): boolean {
    return this.#options.nodeId > address.id;
  }

  #objection({ node, incarnation }: Introduction): Mismatch | undefined {
    const peer = this.#peers.get(node);
    if (peer === undefined) {
      return { why: 'unknown-node', detail: `"${node}" is not among our peers` };
    }
    if (incarnation < peer.incarnation) {
      return { why: 'former-life', detail: `a newer process calls itself "${node}"` };
    }
    return undefined;
  }

  #dial(peer: Peer): void {
    if (this.#closed || peer.giveUp !== undefined || peer.link !== undefined) return;
    const options = {
      self: this.#introduction(),
      to: peer.address,
      secret: this.#options.secret,
      tls: this.#options.tls,
      timeoutMs: this.#limits.handshakeTimeoutMs,
    };
    peer.giveUp = dial(options, (result) => {
      peer.giveUp = undefined;
      this.#dialled(peer, result);
    });
  }

  #dialled(peer: Peer, result: Dialled): void {
    const { id } = peer.address;
    switch (result.kind) {
      case 'linked':
        if (this.#closed) result.socket.destroy();
        else this.#linked(peer, result);
        return;
      case 'refused': {
        const { byUs, why, detail } = result;
        this.#say(peer, { kind: 'refused', who: id, byUs, why, detail });
        break;
      }
      case 'unreachable':
        this.#say(peer, { kind: 'unreachable', peer: id, why: result.why });
        break;
    }
    this.#dialLater(peer);
  }

  #dialLater(peer: Peer): void {
    if (this.#closed) return;
    const { redialMinMs, redialMaxMs } = this.#limits;
    const ceiling = Math.min(redialMaxMs, redialMinMs * 2 ** peer.redials);
    peer.redials = Math.min(peer.redials + 1, 30);
    const random = this.#options.random ?? Math.random;
    // Jitter, so that the nodes of a restarted cluster do not dial in step.
    const delayMs = ceiling * (0.5 + 0.5 * random());
    clearTimeout(peer.timer);
    peer.timer = setTimeout(() => this.#dial(peer), delayMs);
  }

  #linked(
    peer: Peer,
    connection: { readonly socket: Duplex; readonly head: Buffer; readonly incarnation: number },
  ): void {
    const { id } = peer.address;
    const { socket, head, incarnation } = connection;
    peer.link?.close('a newer connection took its place');
    clearTimeout(peer.timer);
    clearTimeout(peer.probe);
    peer.incarnation = incarnation;
    peer.redials = 0;
    tune(socket);
    const { onMessage, onHeard } = this.#options;
    const link: Link = new Link({ peer: { id, incarnation }, socket }, this.#limits, {
      onMessage: (groupId, message) => onMessage(id, groupId, message),
      onHeard: () => onHeard?.(id),
      onClose: (why) => {
        if (peer.link === link) this.#lost(peer, why);
      },
    });
    peer.link = link;
    this.#say(peer, { kind: 'linked', peer: id, incarnation });
    socket.resume();
    link.feed(head);
  }

  #lost(peer: Peer, why: string): void {
    peer.link = undefined;
    if (this.#closed) return;
    const { id } = peer.address;
    const { onReset } = this.#options;
    this.#say(peer, { kind: 'lost', peer: id, why });
    onReset(id, false);
    this.#probe(peer, probesMax);
    if (this.#dials(peer)) this.#dialLater(peer);
  }

  /**
   * A killed process is known by its port: nobody listens there any more. Its connections are torn
   * down one after another, so the port may still answer for a moment after the link broke.
   */
  #probe(peer: Peer, left: number): void {
    const { id } = peer.address;
    probe(peer.address, this.#limits.handshakeTimeoutMs, (gone) => {
      if (peer.link !== undefined || this.#closed) return;
      if (gone) this.#options.onReset(id, true);
      else if (left > 1) peer.probe = setTimeout(() => this.#probe(peer, left - 1), probePauseMs);
    });
  }

  #say(peer: Peer | undefined, event: LinkEvent): void {
    const words = JSON.stringify(event);
    if (peer !== undefined) {
      if (peer.said === words) return;
      peer.said = words;
    }
    this.#options.onEvent?.(event);
  }
}

function tune(socket: Duplex): void {
  // Over TLS the socket beneath was tuned by its own layer's defaults; `setNoDelay` passes through.
  const tcp = socket as Partial<Socket>;
  tcp.setNoDelay?.(true);
  tcp.setKeepAlive?.(true, 5_000);
  tcp.setTimeout?.(0);
}
