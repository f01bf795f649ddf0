import type { DurableWrite } from '../core/effects.ts';

/** A stretch of the log as written, oldest first; it is dropped whole or not at all. */
export interface LogStretch {
  /** The highest index whose entry, not overwritten since, stands here; 0 when there is none. */
  lastIndex: number;
  /** Durable frames in it. */
  frames: number;
}

/**
 * Which stretches (segments of files, runs of list elements) still hold something that a restart
 * needs. They are dropped from the oldest on, so it is enough to know the highest live index in each.
 */
export class LiveRanges<Stretch extends LogStretch> {
  /** Oldest first. */
  readonly stretches: Stretch[] = [];
  private lastIndex = 0;

  /** What a replay found, noted already. */
  adopt(stretches: readonly Stretch[]): void {
    this.stretches.push(...stretches);
    for (const { lastIndex } of stretches) this.lastIndex = Math.max(this.lastIndex, lastIndex);
  }

  note(write: Pick<DurableWrite, 'install' | 'keepSuffix' | 'entries'>, into: Stretch): void {
    if (write.install !== undefined && !write.keepSuffix) this.forgetFrom(1);
    const first = write.entries[0];
    const last = write.entries.at(-1);
    if (first === undefined || last === undefined) return;
    if (first.index <= this.lastIndex) this.forgetFrom(first.index);
    into.lastIndex = Math.max(into.lastIndex, last.index);
    this.lastIndex = last.index;
  }

  /**
   * The oldest stretch, if it may go: nothing after `index` lives in it, and a later stretch has a
   * durable frame (in files it begins with the term, the vote and the floor).
   */
  droppable(index: number): Stretch | undefined {
    const oldest = this.stretches[0];
    if (oldest === undefined || oldest.lastIndex > index) return undefined;
    return this.stretches.some((later) => later !== oldest && later.frames > 0)
      ? oldest
      : undefined;
  }

  private forgetFrom(index: number): void {
    for (const stretch of this.stretches) {
      stretch.lastIndex = Math.min(stretch.lastIndex, index - 1);
    }
  }
}
