import { performance } from 'node:perf_hooks';
import type { Group, GroupStatus, NodeId } from '@quorate/raft';
import { formatHostPort, type Peer } from '../config/addresses.ts';
import { problem } from '../errors/problem.ts';
import {
  roleNumber,
  type ClusterReport,
  type HealthReport,
  type MemberReport,
  type NodeView,
  type ShardHealth,
} from '../node/view.ts';
import type { PeerWatch } from './peer-watch.ts';

export interface ViewOptions {
  readonly cluster: string;
  readonly nodeId: string;
  readonly members: readonly Peer[];
  /** By shard; what has one log only shows no shards. */
  readonly groups: readonly Pick<Group<never, unknown, unknown>, 'status' | 'transfer'>[];
  readonly watch: PeerWatch;
  readonly isReady: () => string | undefined;
  readonly isStopping: () => boolean;
  readonly stats: () => object;
}

const transferMs = 3_000;
const nowMs = (): number => performance.now();

/** What a node tells of itself, read from its groups when asked. */
export function nodeView(options: ViewOptions): NodeView {
  const { cluster, nodeId, groups } = options;
  const first = (): GroupStatus => groups[0]!.status();
  return {
    health(): HealthReport {
      const shards = groups.map((group, shard) => shardHealth(shard, group.status()));
      const { shard: _, ...progress } = shards[0]!;
      return {
        status: healthStatus(options),
        cluster,
        node_id: nodeId,
        ...progress,
        ...(groups.length > 1 ? { shards } : {}),
      };
    },
    ready() {
      const reason = options.isReady();
      return reason === undefined ? { ready: true } : { ready: false, reason };
    },
    cluster(): ClusterReport {
      const { leader, term } = first();
      return {
        cluster,
        node_id: nodeId,
        leader: leader ?? null,
        term,
        members: options.members.map((member) => memberReport(options, member)),
        ...(groups.length > 1
          ? { shards: groups.map((group, shard) => leaderOf(shard, group)) }
          : {}),
      };
    },
    stats: () => options.stats(),
    async transfer(to, { deadlineMs }) {
      const known = to === undefined || options.members.some((member) => member.id === to);
      if (!known) return problem('not_found', `There is no node "${to}" in this cluster.`);
      if (options.members.length < 2) {
        return problem('invalid_request', 'This node is its whole cluster: nobody else can lead.');
      }
      const led = groups.filter((group) => group.status().role === 'leader');
      // A node that leads nothing has what others lead moved: any node may be asked.
      const asked =
        led.length > 0 ? led : groups.filter((group) => group.status().leader !== undefined);
      if (asked.length === 0)
        return problem('no_leader', 'There is nobody to hand leadership over.');
      const done = await Promise.all(
        asked.map((group) =>
          group.transfer(to as NodeId | undefined, Math.min(deadlineMs, nowMs() + transferMs)),
        ),
      );
      const transferred = done.filter(Boolean).length;
      return {
        status: 200,
        body: { transferred, of: asked.length, leader: first().leader ?? null },
      };
    },
  };
}

function healthStatus({ groups, isStopping }: ViewOptions): HealthReport['status'] {
  if (isStopping()) return 'stopping';
  const all = groups.map((group) => group.status());
  if (all.some(({ storage }) => storage === 'broken')) return 'storage_failed';
  return all.every(({ quorumInReach }) => quorumInReach) ? 'ok' : 'no_majority';
}

function shardHealth(shard: number, status: GroupStatus): ShardHealth {
  return {
    shard,
    role: roleNumber(status.role),
    role_name: status.role,
    term: status.term,
    leader: status.leader ?? null,
    commit_index: status.commit,
    applied_index: status.applied,
  };
}

function memberReport(options: ViewOptions, member: Peer): MemberReport {
  const { nodeId, watch, groups } = options;
  const status = groups[0]!.status();
  const isSelf = member.id === nodeId;
  const progress = status.peers.find((peer) => peer.id === member.id);
  const matchIndex = isSelf ? status.lastIndex : progress?.match;
  const knowsMatch = isSelf || status.role === 'leader';
  return {
    node_id: member.id,
    address: formatHostPort(member),
    is_self: isSelf,
    is_leader: member.id === status.leader,
    liveness: isSelf ? 'alive' : watch.liveness(member.id),
    phi: isSelf ? null : Math.round(watch.phi(member.id) * 100) / 100,
    last_heard_ms: isSelf ? null : (watch.silenceMs(member.id) ?? null),
    match_index: knowsMatch ? (matchIndex ?? null) : null,
    lag_entries:
      status.role === 'leader' && matchIndex !== undefined
        ? Math.max(0, status.lastIndex - matchIndex)
        : null,
  };
}

function leaderOf(shard: number, group: ViewOptions['groups'][number]): object {
  const { leader, term } = group.status();
  return { shard, leader: leader ?? null, term };
}
