import type { DurableWrite } from '../../core/effects.ts';
import type { Segment } from './segment.ts';

/**
 * Which segments still hold something that a restart needs. Segments are dropped from the oldest on
 * and only whole, so it is enough to know the highest index that lives in each.
 */
export class LiveRanges {
  /** Oldest first. */
  readonly segments: Segment[] = [];
  private lastIndex = 0;

  /** What a replay found, noted already. */
  adopt(segments: readonly Segment[]): void {
    this.segments.push(...segments);
    for (const { lastIndex } of segments) this.lastIndex = Math.max(this.lastIndex, lastIndex);
  }

  note(write: Pick<DurableWrite, 'install' | 'keepSuffix' | 'entries'>, into: Segment): void {
    if (write.install !== undefined && !write.keepSuffix) this.forgetFrom(1);
    const first = write.entries[0];
    const last = write.entries.at(-1);
    if (first === undefined || last === undefined) return;
    if (first.index <= this.lastIndex) this.forgetFrom(first.index);
    into.lastIndex = Math.max(into.lastIndex, last.index);
    this.lastIndex = last.index;
  }

  /**
   * The oldest segment, if it may go: nothing after `index` lives in it, and a later segment has a
   * durable frame, which begins with the term, the vote and the floor.
   */
  droppable(index: number): Segment | undefined {
    const oldest = this.segments[0];
    if (oldest === undefined || oldest.lastIndex > index) return undefined;
    return this.segments.some((later) => later !== oldest && later.frames > 0) ? oldest : undefined;
  }

  private forgetFrom(index: number): void {
    for (const segment of this.segments) {
      segment.lastIndex = Math.min(segment.lastIndex, index - 1);
    }
  }
}
