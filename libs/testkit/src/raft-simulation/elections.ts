import type { Core } from '@quorate/raft';
import { logIndex } from '@quorate/raft';
import type { CommittedLog } from './committed-log.ts';
import { hold } from './violation.ts';

/**
 * Who was leader of which term, and who voted for whom. Both outlive the nodes' own lives: a node
 * that forgot its vote in a crash is caught by what it said before.
 */
export class Elections {
  private readonly leaders = new Map<number, { node: string; incarnation: number }>();
  private readonly votes = new Map<string, string>();
  count = 0;

  /** Election safety (§5.2), and leader completeness (§5.4.3) at the moment of election. */
  leads(node: string, incarnation: number, core: Core, committed: CommittedLog): void {
    const { term } = core.office;
    const known = this.leaders.get(term);
    if (known?.node === node && known.incarnation === incarnation) return;
    hold(
      known === undefined,
      'election safety',
      () =>
        `${node} (life ${incarnation}) leads term ${term}, ` +
        `which ${known?.node ?? ''} (life ${known?.incarnation ?? 0}) led`,
    );
    this.leaders.set(term, { node, incarnation });
    this.count++;
    // A candidate may win its votes late, when a later term has committed more: that is no breach.
    const last = committed.lastCommittedBefore(term);
    if (last === 0) return;
    const entry = core.entryAt(logIndex(last));
    const holds = entry === undefined ? core.commit >= last : entry.term === committed.termAt(last);
    hold(
      holds && core.lastIndex >= last,
      'leader completeness',
      () =>
        `${node} leads term ${term} with a log up to ${core.lastIndex} ` +
        `(term ${entry?.term ?? 0} at ${last}) and lacks committed entries up to ${last}`,
    );
  }

  /** One vote per term and voter, whatever lives it lived (§5.2). */
  grants(voter: string, term: number, candidate: string): void {
    const key = `${voter}/${term}`;
    const known = this.votes.get(key);
    hold(
      known === undefined || known === candidate,
      'one vote per term',
      () => `${voter} votes for ${candidate} in term ${term} after ${known ?? ''}`,
    );
    this.votes.set(key, candidate);
  }
}
