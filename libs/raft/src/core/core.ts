import type { Effects, Input, Office, Proposal, ProposeResult } from './effects.ts';
import type { Entry, Membership, SnapshotMeta } from './entry.ts';
import type { LogIndex, NodeId } from './ids.ts';

/**
 * Consensus without I/O. Inputs are taken in one after another; `takeEffects` gathers what all of
 * them together want done. Time passes only through inputs.
 */
export interface Core {
  step(input: Input): void;
  propose(proposals: readonly Proposal[], nowMs: number): ProposeResult;
  takeEffects(): Effects;
  hasEffects(): boolean;
  readonly office: Office;
  readonly commit: LogIndex;
  readonly settled: LogIndex;
  readonly lastIndex: LogIndex;
  readonly membership: Membership;
  /** The cluster clock as this node knows it. */
  clockMs(nowMs: number): number;
  /** Whether this node may answer a read from its own memory now, for what stands up to `settled`. */
  mayServeLocally(nowMs: number): boolean;
  entryAt(index: LogIndex): Entry | undefined;
  /** What a snapshot of everything up to `index` stands for; `index` is applied and still in the log. */
  snapshotMetaAt(index: LogIndex): SnapshotMeta;
  progress(nowMs: number): readonly PeerProgress[];
}

/** What a leader knows of a peer; followers report only `lastHeardMs` of the leader. */
export interface PeerProgress {
  readonly id: NodeId;
  readonly match: LogIndex;
  readonly state: 'probe' | 'replicate' | 'snapshot';
  readonly lastHeardMs: number | undefined;
  readonly mayServeLocally: boolean;
}
