import type { GroupStatus, RaftObserver } from '@quorate/raft';
import { Counter, Gauge, type Registry } from 'prom-client';
import { FastHistogram } from '../metrics/fast-histogram.ts';
import { roleNumber } from '../node/view.ts';

const latencies = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const batchSizes = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 4_096];

/** One group as the gauges see it. */
export interface MeasuredGroup {
  readonly shard: number;
  status(): GroupStatus;
}

export interface MeasuredPeer {
  readonly id: string;
  phi(): number;
}

/** What the groups of a node tell while they work, as metrics of this node's registry. */
export function raftObserver(registry: Registry): RaftObserver {
  const registers = [registry];
  const elections = new Counter({
    name: 'raft_elections_total',
    help: 'Elections in which this node stood',
    registers,
  });
  const histogram = (name: string, help: string, buckets = latencies): FastHistogram =>
    new FastHistogram(registry, { name, help, buckets });
  const electionTime = histogram(
    'raft_election_duration_seconds',
    'From the loss of a leader until one was known again',
  );
  const proposalTime = histogram(
    'raft_proposal_duration_seconds',
    'From a proposal on this node to its outcome',
  );
  const batch = histogram('raft_batch_entries', 'Entries in one durable write', batchSizes);
  const fsync = histogram('raft_wal_fsync_seconds', 'From a write to its being durable');
  const unknown = new Counter({
    name: 'raft_proposals_unknown_total',
    help: 'Proposals of this node whose outcome could not be learned',
    registers,
  });
  return {
    proposalEnded(kind, durationMs) {
      proposalTime.observe(durationMs / 1_000);
      if (kind === 'unknown') unknown.inc();
    },
    batchWritten({ entries, durationMs }) {
      batch.observe(entries);
      fsync.observe(durationMs / 1_000);
    },
    campaigned: () => elections.inc(),
    leaderElected: ({ durationMs }) => electionTime.observe(durationMs / 1_000),
  };
}

/** Gauges, read when somebody looks. */
export function watchRaft(
  registry: Registry,
  groups: readonly MeasuredGroup[],
  peers: readonly MeasuredPeer[],
): void {
  const gauge = (
    name: string,
    help: string,
    read: (set: (labels: Record<string, string | number>, value: number) => void) => void,
    labelNames: readonly string[] = ['shard'],
  ): void => {
    new Gauge({
      name,
      help,
      labelNames: [...labelNames],
      registers: [registry],
      collect() {
        this.reset();
        read((labels, value) => this.set(labels, value));
      },
    });
  };
  const perGroup = (name: string, help: string, value: (status: GroupStatus) => number): void =>
    gauge(name, help, (set) => {
      for (const group of groups) set({ shard: group.shard }, value(group.status()));
    });
  perGroup('raft_term', 'Current term', ({ term }) => term);
  perGroup('raft_role', '0 follower, 1 candidate, 2 leader', ({ role }) => roleNumber(role));
  perGroup('raft_commit_index', 'Last committed entry', ({ commit }) => commit);
  perGroup('raft_applied_index', 'Last applied entry', ({ applied }) => applied);
  perGroup('raft_has_leader', '1 while a leader is known', ({ leader }) =>
    leader === undefined ? 0 : 1,
  );
  gauge(
    'raft_peer_lag_entries',
    'How far a peer is behind, told by the leader',
    (set) => {
      for (const group of groups) {
        const { role, lastIndex, peers: progress } = group.status();
        if (role !== 'leader') continue;
        for (const { id, match } of progress) {
          set({ shard: group.shard, peer: id }, Math.max(0, lastIndex - match));
        }
      }
    },
    ['shard', 'peer'],
  );
  gauge(
    'failure_detector_phi',
    'Suspicion that a peer is gone; 8 is beyond reasonable doubt',
    (set) => {
      for (const peer of peers) set({ peer: peer.id }, peer.phi());
    },
    ['peer'],
  );
}
