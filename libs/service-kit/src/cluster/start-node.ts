import { performance } from 'node:perf_hooks';
import {
  createHost,
  nextIncarnation,
  nodeId,
  type Codec,
  type Group,
  type Host,
  type LocalReads,
  type Origin,
  type RaftObserver,
  type ReplicaLimits,
  type StateMachine,
} from '@quorate/raft';
import type { Registry } from 'prom-client';
import type { CommonConfig } from '../config/common.ts';
import type { TlsMaterial } from '../config/tls.ts';
import type { ProblemTable } from '../errors/problem.ts';
import { createService, type Service } from '../http/service.ts';
import { serve, type RunningServer } from '../lifecycle/serve.ts';
import type { Runnable } from '../lifecycle/run-service.ts';
import { createLogger, type Logger } from '../logging/logger.ts';
import { createRegistry } from '../metrics/registry.ts';
import type { Route } from '../routes/route.ts';
import { markDataFolder, markRedis } from './data-marker.ts';
import { LeaderPlacement } from './leader-placement.ts';
import { tellLinkEvent } from './link-log.ts';
import { PeerWatch } from './peer-watch.ts';
import { raftObserver, watchRaft } from './raft-metrics.ts';
import { Readiness } from './readiness.ts';
import { redisPrefix, redisServerUrl } from './redis-place.ts';
import { openStore } from './stores.ts';
import { nodeView } from './view.ts';

/** One shard of the service on this node: its replicated log and the state machine behind it. */
export interface ShardParts<Command, Reply, Event, Machine> {
  readonly shard: number;
  readonly group: Group<Command, Reply, Event>;
  readonly machine: Machine;
}

/** What the app makes of its shards. */
export interface AppParts {
  readonly routes: readonly Route[];
  readonly stats: () => object;
  /** Called every quarter of a second: the app's own small upkeep. */
  readonly upkeep?: () => void;
  /** Called when nothing is answered any more, before the logs are closed. */
  readonly close?: () => Promise<void>;
}

export interface ClusterApp<Command, Reply, Event, Machine> {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly config: CommonConfig;
  readonly tls: TlsMaterial | undefined;
  readonly problems: ProblemTable;
  readonly shards: number;
  readonly createMachine: (shard: number) => Machine & StateMachine<Command, Reply, Event>;
  readonly commands: Codec<Command>;
  readonly replies: Codec<Reply>;
  readonly localReads?: LocalReads;
  readonly replica?: Partial<ReplicaLimits>;
  readonly build: (context: {
    readonly shards: readonly ShardParts<Command, Reply, Event, Machine>[];
    readonly life: Origin;
    readonly registry: Registry;
    readonly logger: Logger;
  }) => AppParts;
}

const upkeepMs = 250;
const placementMs = 1_000;
const handOverMs = 1_500;

/**
 * Starts one node of a cluster: its groups from their stores, the service in front of them, and the
 * links to its peers, all on one port. An app says what its state machine and its routes are; whatever
 * the three services have in common happens here.
 */
export async function startClusterNode<Command, Reply, Event, Machine>(
  app: ClusterApp<Command, Reply, Event, Machine>,
): Promise<Runnable & { readonly server: RunningServer }> {
  const { config, tls } = app;
  const logger = createLogger({
    level: config.logLevel,
    format: config.logFormat,
    fields: { cluster: config.clusterName, node_id: config.nodeId },
  });
  const registry = createRegistry();
  const durable = config.storage === 'file';
  const marker = { cluster: config.clusterName, node_id: config.nodeId, shards: app.shards };
  if (durable) await markDataFolder(config.dataDir, marker);
  if (config.storage === 'redis') {
    await markRedis(redisServerUrl(config.redis), redisPrefix(config), marker);
  }
  const incarnation = await nextIncarnation(durable ? config.dataDir : undefined);
  const life: Origin = { node: nodeId(config.nodeId), incarnation };
  const watch = new PeerWatch(
    config.peers.map((peer) => peer.id),
    { nowMs: () => performance.now(), heartbeatIntervalMs: config.raftHeartbeatIntervalMs },
  );
  const host = openHost(app, { life, watch, logger });
  const shards = await openShards(app, { host, logger, observer: raftObserver(registry) });
  const groups = shards.map((one) => one.group);
  watchRaft(
    registry,
    shards.map(({ shard, group }) => ({ shard, status: () => group.status() })),
    config.peers.map(({ id }) => ({ id, phi: () => watch.phi(id) })),
  );
  const parts = app.build({ shards, life, registry, logger });
  const readiness = new Readiness(groups);
  let stopping = false;
  const view = nodeView({
    cluster: config.clusterName,
    nodeId: config.nodeId,
    members: config.members,
    groups,
    watch,
    isReady: () => readiness.missing(),
    isStopping: () => stopping,
    stats: () => parts.stats(),
  });
  const service: Service = createService({
    name: app.name,
    version: app.version,
    description: app.description,
    routes: parts.routes,
    problems: app.problems,
    view,
    registry,
    logger,
    tokens: config.apiTokens,
    limits: config,
  });
  const server = await serve({
    service,
    host: config.nodeHost,
    port: config.nodePort,
    tls,
    onUpgrade: (request, socket, head) => {
      if (!host.handleUpgrade(request, socket, head)) socket.destroy();
    },
    stopHooks: [
      { name: 'hand over leadership', run: () => handOver(groups) },
      { name: 'last upkeep', run: () => parts.upkeep?.() },
    ],
  });
  host.start();
  const placement = new LeaderPlacement(
    config.nodeId,
    config.members.map((member) => member.id),
    watch,
  );
  const timers = [
    setInterval(() => watch.beat(), config.raftHeartbeatIntervalMs),
    setInterval(() => {
      readiness.look();
      parts.upkeep?.();
    }, upkeepMs),
  ];
  if (app.shards > 1) {
    timers.push(setInterval(() => placement.look(shards, performance.now()), placementMs));
  }
  logger.info(`${app.name} listens on ${server.url}`, {
    members: config.members.map(({ id, host: at, port }) => `${id}@${at}:${port}`).join(','),
    storage: durable ? config.dataDir : config.storage,
  });
  return {
    server,
    async stop() {
      stopping = true;
      await server.stop();
      for (const timer of timers) clearInterval(timer);
      await parts.close?.();
      await host.stop();
      logger.info(`${app.name} stopped`);
    },
  };
}

function openHost<C, R, E, M>(
  { config, tls }: ClusterApp<C, R, E, M>,
  { life, watch, logger }: { life: Origin; watch: PeerWatch; logger: Logger },
): Host {
  if (config.clusterSecret === undefined && config.peers.length > 0) {
    logger.debug('CLUSTER_SECRET is not set: whoever reaches this port may join the cluster');
  }
  return createHost({
    clusterName: config.clusterName,
    nodeId: life.node,
    incarnation: life.incarnation,
    members: config.members.map(({ id, host, port }) => ({ id: nodeId(id), host, port })),
    secret: config.clusterSecret ?? '',
    ...(tls === undefined ? {} : { tls: { cert: tls.cert, key: tls.key, ca: tls.ca } }),
    timing: {
      electionTimeoutMinMs: config.raftElectionTimeoutMinMs,
      electionTimeoutMaxMs: config.raftElectionTimeoutMaxMs,
      heartbeatIntervalMs: config.raftHeartbeatIntervalMs,
    },
    onHeard: (peer) => watch.hear(peer),
    onLinkEvent: (event) => tellLinkEvent(logger, event),
    onFatal: (groupId, reason, cause) => {
      // Thrown into the process, whose last line it becomes: nothing may be answered any more.
      throw new Error(`${groupId} cannot go on: ${reason}`, { cause });
    },
  });
}

async function openShards<C, R, E, M>(
  app: ClusterApp<C, R, E, M>,
  { host, logger, observer }: { host: Host; logger: Logger; observer: RaftObserver },
): Promise<readonly ShardParts<C, R, E, M>[]> {
  const shards: ShardParts<C, R, E, M>[] = [];
  for (let shard = 0; shard < app.shards; shard++) {
    const groupId = `shard-${shard}`;
    const machine = app.createMachine(shard);
    const group = await host.addGroup<C, R, E>({
      groupId,
      store: await openStore(app.config, groupId, logger),
      machine,
      commands: app.commands,
      replies: app.replies,
      ...(app.localReads === undefined ? {} : { localReads: app.localReads }),
      ...(app.replica === undefined ? {} : { replica: app.replica }),
      observer: {
        ...observer,
        leaderElected(office) {
          observer.leaderElected?.(office);
          logger.info(`${office.leader} leads ${groupId}`, { term: office.term });
        },
      },
    });
    shards.push({ shard, group, machine });
  }
  return shards;
}

async function handOver(
  groups: readonly Pick<Group<never, unknown, unknown>, 'status' | 'transfer'>[],
): Promise<void> {
  const deadlineMs = performance.now() + handOverMs;
  await Promise.all(
    groups
      .filter((group) => group.status().role === 'leader')
      .map((group) => group.transfer(undefined, deadlineMs)),
  );
}
