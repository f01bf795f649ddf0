import type { Core, Effects, HardState, LogImage, PeerMessage } from '@quorate/raft';
import { CommittedLog } from './committed-log.ts';
import { DurableQuorum } from './durable-quorum.ts';
import { Elections } from './elections.ts';
import { LocalReadSafety } from './local-reads.ts';
import { LogMatching } from './log-matching.ts';
import { checkPromises } from './message-promises.ts';
import { hold } from './violation.ts';

/** What the oracle may look at. Everything here outlives the node's lives, or is gone with one. */
export interface ObservedNode {
  readonly id: string;
  readonly core: Core | undefined;
  readonly appliedIndex: number;
  readonly incarnation: number;
  readonly image: LogImage;
  mayServeLocally(): boolean;
}

interface Remembered {
  incarnation: number;
  term: number;
  commit: number;
  applied: number;
  durable: HardState;
  role: string;
}

/**
 * Looks at the cluster after every event, and knows what must never be seen. An event changes one
 * node, so only that node is looked at again, and only what could have changed: the checks
 * together are complete, and cheap enough to run always.
 */
export class ClusterOracle {
  readonly committed = new CommittedLog();
  readonly elections = new Elections();
  readonly localReads: LocalReadSafety;
  private readonly logMatching = new LogMatching();
  private readonly durableQuorum: DurableQuorum;
  private readonly nodes: ReadonlyMap<string, ObservedNode>;
  private readonly remembered = new Map<string, Remembered>();
  private readonly leases: boolean;

  constructor(
    nodes: ReadonlyMap<string, ObservedNode>,
    voters: readonly string[],
    leases: boolean,
  ) {
    this.nodes = nodes;
    this.leases = leases;
    this.localReads = new LocalReadSafety(this.committed);
    const images = new Map([...nodes].map(([id, node]) => [id, () => node.image]));
    this.durableQuorum = new DurableQuorum(this.committed, voters, images);
  }

  /** A message leaves its sender: what it promises must be true now. */
  sends(from: string, to: string, message: PeerMessage): void {
    checkPromises(from, to, message, this.nodes.get(from)!.image, this.elections);
  }

  /** What the core wants written is what its log holds. */
  writes(node: string, core: Core, effects: Effects): void {
    if (effects.write !== undefined) this.logMatching.observe(node, core, effects.write.entries);
  }

  /** True when more is committed than before. */
  turned(id: string): boolean {
    const node = this.nodes.get(id)!;
    const before = this.rememberedOf(node);
    this.checkDisk(node, before);
    this.durableQuorum.refresh(id);
    const { core } = node;
    if (core === undefined) return false;
    if (before.incarnation !== node.incarnation) {
      // What a former life had only in memory is gone, and rightly; its disk is watched apart.
      before.incarnation = node.incarnation;
      before.term = 0;
      before.commit = 0;
      before.applied = 0;
      before.role = 'follower';
    }
    this.checkOffice(node, core, before);
    const grew = this.checkProgress(node, core, before);
    if (this.leases) this.checkLeases(node, core);
    return grew;
  }

  private checkOffice(node: ObservedNode, core: Core, before: Remembered): void {
    const { term, role } = core.office;
    hold(
      term >= before.term,
      'terms never go back',
      () => `${node.id} is in term ${term} after ${before.term}`,
    );
    if (role === 'leader' && (before.role !== 'leader' || term !== before.term)) {
      this.elections.leads(node.id, node.incarnation, core, this.committed);
    }
    before.term = term;
    before.role = role;
  }

  private checkProgress(node: ObservedNode, core: Core, before: Remembered): boolean {
    const { commit, lastIndex } = core;
    const applied = node.appliedIndex;
    hold(
      applied <= commit && commit <= lastIndex,
      'applied ≤ committed ≤ last',
      () => `${node.id} has applied ${applied}, committed ${commit}, last ${lastIndex}`,
    );
    hold(
      commit >= before.commit && applied >= before.applied,
      'commit and applied never go back',
      () =>
        `${node.id} went from committed ${before.commit}, applied ${before.applied} ` +
        `to ${commit}, ${applied} in one life`,
    );
    before.applied = applied;
    if (commit === before.commit) return false;
    const grew = this.committed.observe(node.id, core, before.commit, commit);
    before.commit = commit;
    if (grew) this.durableQuorum.refreshAll();
    return grew;
  }

  private checkDisk(node: ObservedNode, before: Remembered): void {
    const { hardState, snapshot } = node.image;
    const { durable } = before;
    if (hardState !== durable) {
      const forgets = hardState.term === durable.term && durable.vote !== undefined;
      hold(
        hardState.term >= durable.term && (!forgets || hardState.vote === durable.vote),
        'terms and votes never go back on disk',
        () => `${node.id} has ${JSON.stringify(hardState)} after ${JSON.stringify(durable)}`,
      );
      before.durable = hardState;
    }
    hold(
      snapshot === undefined || snapshot.index <= this.committed.lastIndex,
      'snapshots hold only what is committed',
      () => `${node.id} has a snapshot of ${snapshot?.index ?? 0}`,
    );
  }

  private checkLeases(node: ObservedNode, core: Core): void {
    if (this.localReads.settles(node.id, core)) {
      for (const other of this.nodes.values()) {
        if (other.core !== undefined && other.mayServeLocally()) {
          this.localReads.check(other.id, other.core);
        }
      }
      return;
    }
    if (node.mayServeLocally()) this.localReads.check(node.id, core);
  }

  private rememberedOf(node: ObservedNode): Remembered {
    let remembered = this.remembered.get(node.id);
    if (remembered === undefined) {
      remembered = {
        incarnation: 0,
        term: 0,
        commit: 0,
        applied: 0,
        durable: node.image.hardState,
        role: 'follower',
      };
      this.remembered.set(node.id, remembered);
    }
    return remembered;
  }
}
