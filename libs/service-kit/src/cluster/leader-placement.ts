import type { Group, NodeId } from '@quorate/raft';
import type { PeerWatch } from './peer-watch.ts';

export interface PlacedGroup {
  readonly shard: number;
  readonly group: Pick<Group<never, unknown, unknown>, 'status' | 'transfer'>;
}

const settleMs = 3_000;
const retryMs = 10_000;
const transferMs = 2_000;
const lagEntriesMax = 1_000;

/**
 * Spreads the leaders of the shards over the live nodes, so that three machines do three machines'
 * work: shard i belongs to the i-th member. A leader hands its shard over when that member has been
 * alive for a while and is not far behind; a member that is away costs nothing, since only its own
 * shards move, and move back later.
 */
export class LeaderPlacement {
  readonly #self: string;
  readonly #members: readonly string[];
  readonly #watch: PeerWatch;
  readonly #notBeforeMs = new Map<number, number>();

  constructor(self: string, members: readonly string[], watch: PeerWatch) {
    this.#self = self;
    this.#members = members;
    this.#watch = watch;
  }

  /** To be called about once a second. */
  look(groups: readonly PlacedGroup[], nowMs: number): void {
    for (const { shard, group } of groups) {
      const home = this.#members[shard % this.#members.length]!;
      const { role, peers, lastIndex } = group.status();
      const match = peers.find((peer) => peer.id === home)?.match;
      const wanted =
        role === 'leader' &&
        home !== this.#self &&
        this.#watch.liveness(home) === 'alive' &&
        match !== undefined &&
        lastIndex - match <= lagEntriesMax;
      if (!wanted) {
        this.#notBeforeMs.delete(shard);
        continue;
      }
      const notBeforeMs = this.#notBeforeMs.get(shard);
      if (notBeforeMs === undefined) {
        this.#notBeforeMs.set(shard, nowMs + settleMs);
      } else if (nowMs >= notBeforeMs) {
        this.#notBeforeMs.set(shard, nowMs + retryMs);
        void group.transfer(home as NodeId, nowMs + transferMs);
      }
    }
  }
}
