import type { IncomingMessage } from 'node:http';
import { performance } from 'node:perf_hooks';
import type { Duplex } from 'node:stream';

import type { NodeId } from '../core/ids.ts';
import type { Limits, LocalReads, Timing } from '../core/options.ts';
import type { RaftObserver } from '../replica/observer.ts';
import { defaultReplicaLimits, type ReplicaLimits } from '../replica/options.ts';
import type { PeerMessage } from '../replica/peer-message.ts';
import { createReplica, type Replica } from '../replica/replica.ts';
import type { Codec, StateMachine } from '../replica/state-machine.ts';
import type { LogStore } from '../storage/log-store.ts';
import { createLinks, type Links, type LinkStatus } from '../transport/links.ts';
import type { LinkEvent, LinksOptions, PeerAddress } from '../transport/options.ts';
import { StandstillClock } from './standstill-clock.ts';
import { TurnQueue } from './turn-queue.ts';

export interface HostOptions {
  readonly clusterName: string;
  readonly nodeId: NodeId;
  readonly incarnation: number;
  /** Everybody, this node included. */
  readonly members: readonly PeerAddress[];
  readonly secret: string;
  readonly tls?: LinksOptions['tls'];
  readonly timing: Timing;
  readonly limits?: Partial<Limits>;
  readonly onHeard?: (peer: NodeId) => void;
  readonly onLinkEvent?: (event: LinkEvent) => void;
  /** A group can no longer be trusted: the process is expected to end. */
  readonly onFatal: (groupId: string, reason: string, cause?: unknown) => void;
}

export interface GroupOptions<Command, Reply, Event> {
  readonly groupId: string;
  readonly store: LogStore;
  readonly machine: StateMachine<Command, Reply, Event>;
  readonly commands: Codec<Command>;
  readonly replies: Codec<Reply>;
  readonly localReads?: LocalReads;
  readonly replica?: Partial<ReplicaLimits>;
  readonly observer?: RaftObserver;
}

/** The groups of one node: one link to each peer and one tick for all of them. */
export interface Host {
  /** Loads what the store holds; the group takes part once the host is started. */
  addGroup<Command, Reply, Event>(
    options: GroupOptions<Command, Reply, Event>,
  ): Promise<Replica<Command, Reply, Event>>;
  /** To be called when the node's port listens. */
  start(): void;
  /** For the HTTP server's `upgrade` event. False: not a link's path, the socket is untouched. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  links(): readonly LinkStatus[];
  /** Ends the links, then the groups with their stores. */
  stop(): Promise<void>;
}

const mebibyte = 1 << 20;

export const defaultCoreLimits: Limits = {
  inflightMessagesMax: 256,
  inflightBytesMax: 16 * mebibyte,
  appendBytesMax: mebibyte,
  gatherMs: 2,
  uncommittedBytesMax: 64 * mebibyte,
  trailingBytesMax: 16 * mebibyte,
};

const tickMs = 10;

export const createHost = (options: HostOptions): Host => new NodeHost(options);

/** A group without the types of its commands. */
interface Hosted {
  tick(): void;
  receive(from: NodeId, message: PeerMessage): void;
  peerReset(peer: NodeId, refused: boolean): void;
  stop(): Promise<void>;
}

class NodeHost implements Host {
  readonly #options: HostOptions;
  readonly #links: Links;
  readonly #groups = new Map<string, Hosted>();
  readonly #turns = new TurnQueue();
  readonly #clock = new StandstillClock();
  /** What the groups' logs mean depends on these: no link to a node that has set them otherwise. */
  readonly #settings: string[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: HostOptions) {
    this.#options = options;
    const { clusterName, nodeId, incarnation, members, secret, tls } = options;
    this.#links = createLinks({
      clusterName,
      nodeId,
      incarnation,
      peers: members,
      secret,
      settings: () => this.#settings.toSorted().join(' '),
      ...(tls === undefined ? {} : { tls }),
      onMessage: (from, groupId, message) => this.#groups.get(groupId)?.receive(from, message),
      onReset: (peer, refused) => {
        for (const replica of this.#groups.values()) replica.peerReset(peer, refused);
      },
      ...(options.onHeard === undefined ? {} : { onHeard: options.onHeard }),
      ...(options.onLinkEvent === undefined ? {} : { onEvent: options.onLinkEvent }),
    });
  }

  async addGroup<Command, Reply, Event>(
    group: GroupOptions<Command, Reply, Event>,
  ): Promise<Replica<Command, Reply, Event>> {
    const { nodeId, incarnation, members, timing, limits, onFatal } = this.#options;
    const { groupId, store, machine, commands, replies, observer, replica: replicaLimits } = group;
    const durable = await store.load();
    const replica = createReplica<Command, Reply, Event>({
      groupId,
      nodeId,
      incarnation,
      bootstrap: { voters: members.map((member) => member.id), outgoing: [], learners: [] },
      timing,
      limits: { ...defaultCoreLimits, ...limits },
      localReads: group.localReads,
      store,
      durable,
      machine,
      commands,
      replies,
      environment: {
        nowMs: () => performance.now(),
        standstills: () => this.#clock.standstills(),
        random: Math.random,
        defer: (run) => this.#turns.defer(run),
        send: (to, message) => this.#links.send(to, groupId, message),
      },
      ...(observer === undefined ? {} : { observer }),
      ...(replicaLimits === undefined ? {} : { replica: replicaLimits }),
      onFatal: (reason, cause) => onFatal(groupId, reason, cause),
    });
    this.#groups.set(groupId, replica);
    const window = replicaLimits?.requests ?? defaultReplicaLimits.requests;
    this.#settings.push(JSON.stringify([groupId, window, group.localReads ?? null]));
    return replica;
  }

  start(): void {
    this.#links.start();
    // Timers run before sockets are read: after a stall, messages that wait are taken in first, lest
    // a node that was asleep takes its leader for dead.
    this.#timer = setInterval(() => setImmediate(() => this.#tick()), tickMs);
  }

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    return this.#links.handleUpgrade(request, socket, head);
  }

  links(): readonly LinkStatus[] {
    return this.#links.status();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#links.close();
    await Promise.all([...this.#groups.values()].map((replica) => replica.stop()));
  }

  #tick(): void {
    for (const replica of this.#groups.values()) replica.tick();
  }
}
