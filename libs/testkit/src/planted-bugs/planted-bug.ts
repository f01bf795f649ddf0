/**
 * A mistake that others have made, planted on purpose: one piece of text of libs/raft/src replaced by
 * another. `find` must occur exactly once, so that a bug cannot rot away unnoticed when the code
 * around it changes.
 */
export interface PlantedBug {
  readonly name: string;
  /** Below libs/raft/src. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** A seed known to find it, tried first. */
  readonly seed: number;
}
