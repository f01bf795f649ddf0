import type { Core, PeerProgress } from '../core/core.ts';
import type { LogIndex, NodeId } from '../core/ids.ts';
import type { GroupStatus } from './group.ts';

export function replicaStatus(
  core: Core,
  nowMs: number,
  node: {
    readonly own: NodeId;
    readonly electionTimeoutMs: number;
    readonly applied: LogIndex;
    readonly snapshot: LogIndex;
    readonly storage: GroupStatus['storage'];
    readonly restoring: boolean;
  },
): GroupStatus {
  const peers = core.progress(nowMs);
  return {
    ...core.office,
    commit: core.commit,
    applied: node.applied,
    settled: core.settled,
    snapshot: node.snapshot,
    lastIndex: core.lastIndex,
    clockMs: core.clockMs(nowMs),
    peers,
    quorumInReach: quorumInReach(core, peers, {
      own: node.own,
      sinceMs: nowMs - node.electionTimeoutMs,
    }),
    storage: node.storage,
    restoring: node.restoring,
  };
}

/** A leader counts whom it heard; a follower that hears a leader knows that a majority does. */
function quorumInReach(
  core: Core,
  peers: readonly PeerProgress[],
  heard: { readonly own: NodeId; readonly sinceMs: number },
): boolean {
  const recent = new Set<NodeId>(
    peers
      .filter(({ lastHeardMs }) => (lastHeardMs ?? -Infinity) >= heard.sinceMs)
      .map(({ id }) => id),
  );
  const { office, membership } = core;
  if (office.role !== 'leader') return office.leader !== undefined && recent.has(office.leader);
  recent.add(heard.own);
  return [membership.voters, membership.outgoing].every((half) => {
    const reached = half.filter((voter) => recent.has(voter)).length;
    return half.length === 0 || reached > half.length / 2;
  });
}
