import type { Group } from '@quorate/raft';

type Watched = Pick<Group<never, unknown, unknown>, 'status'>;

/** Ready once every group has a leader and has applied what was committed when it first had one. */
export class Readiness {
  readonly #groups: readonly Watched[];
  readonly #target: (number | undefined)[];

  constructor(groups: readonly Watched[]) {
    this.#groups = groups;
    this.#target = groups.map(() => undefined);
  }

  /** To be called now and then: notes how far there is to go. */
  look(): void {
    for (const [i, group] of this.#groups.entries()) {
      const { leader, commit } = group.status();
      if (leader !== undefined && commit > 0) this.#target[i] ??= commit;
    }
  }

  /** What is still missing, in words; nothing when the node is ready. */
  missing(): string | undefined {
    this.look();
    for (const [i, group] of this.#groups.entries()) {
      const { leader, applied, restoring } = group.status();
      const target = this.#target[i];
      if (leader === undefined) return `shard ${i} has no leader`;
      if (restoring) return `shard ${i} restores a snapshot`;
      if (target === undefined || applied < target) {
        return `shard ${i} has applied ${applied} of ${target ?? 'an unknown number of'} entries`;
      }
    }
    return undefined;
  }
}
