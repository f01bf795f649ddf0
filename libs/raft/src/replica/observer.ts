import type { NodeId, Term } from '../core/ids.ts';
import type { Outcome } from './group.ts';

/**
 * What is worth measuring, as it happens; gauges are read from `status()`. A service turns these into
 * its metrics. All are called on the hot path and must return at once.
 */
export interface RaftObserver {
  /** From `propose` to its outcome, on the node where it came in. */
  proposalEnded?(kind: Outcome<unknown>['kind'], durationMs: number): void;
  /** One durable write: `durationMs` is from handing it to the store until it was durable. */
  batchWritten?(batch: { readonly entries: number; readonly durationMs: number }): void;
  /** This node stands for election. */
  campaigned?(term: Term): void;
  /** A leader is known again, `durationMs` after the last one was lost. */
  leaderElected?(office: { leader: NodeId; term: Term; durationMs: number }): void;
  snapshotTaken?(snapshot: { readonly bytes: number; readonly durationMs: number }): void;
  snapshotRestored?(snapshot: { readonly bytes: number; readonly durationMs: number }): void;
}
