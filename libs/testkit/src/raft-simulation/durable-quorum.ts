import type { LogImage } from '@quorate/raft';
import { logIndex } from '@quorate/raft';
import type { CommittedLog } from './committed-log.ts';
import { hold } from './violation.ts';

/**
 * What is committed stands on the disks of a quorum, always: at the moment it is first called
 * committed, and after every crash since. For each node the length of the prefix is kept that its
 * disk shares with the committed log; an event moves it by a few entries at most.
 */
export class DurableQuorum {
  private readonly committed: CommittedLog;
  private readonly voters: readonly string[];
  private readonly images: ReadonlyMap<string, () => LogImage>;
  private readonly shared = new Map<string, number>();

  constructor(
    committed: CommittedLog,
    voters: readonly string[],
    images: ReadonlyMap<string, () => LogImage>,
  ) {
    this.committed = committed;
    this.voters = voters;
    this.images = images;
  }

  /** After anything that may have changed one node's disk. */
  refresh(node: string): void {
    const before = this.shared.get(node) ?? 0;
    const now = this.measure(node, before);
    if (now === before) return;
    this.shared.set(node, now);
    if (now < before) this.check(() => `${node}'s disk lost entries ${now + 1} to ${before}`);
  }

  /** After the committed log grew. */
  refreshAll(): void {
    for (const node of this.voters) this.shared.set(node, this.measure(node, this.sharedBy(node)));
    this.check(() => 'it was called committed');
  }

  sharedBy(node: string): number {
    return this.shared.get(node) ?? 0;
  }

  private check(why: () => string): void {
    const { lastIndex } = this.committed;
    const quorum = Math.floor(this.voters.length / 2) + 1;
    const holders = this.voters.filter((node) => this.sharedBy(node) >= lastIndex);
    hold(
      holders.length >= quorum,
      'committed entries stand on a quorum of disks',
      () =>
        `index ${lastIndex} stands on ${holders.length} of ${this.voters.length} disks: ${why()}`,
    );
  }

  private measure(node: string, from: number): number {
    const image = this.images.get(node)!();
    let shared = Math.min(from, this.committed.lastIndex);
    while (shared > 0 && !this.agreesAt(image, shared)) shared--;
    while (shared < this.committed.lastIndex && this.agreesAt(image, shared + 1)) shared++;
    return shared;
  }

  private agreesAt(image: LogImage, index: number): boolean {
    if (image.snapshot !== undefined && image.snapshot.index >= index) return true;
    return image.entryAt(logIndex(index))?.term === this.committed.termAt(index);
  }
}
