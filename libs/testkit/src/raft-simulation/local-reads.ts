import type { Core } from '@quorate/raft';
import { logIndex } from '@quorate/raft';
import type { CommittedLog } from './committed-log.ts';
import { hold } from './violation.ts';

/**
 * The promise behind reads without a round: whoever may serve now has everything that is settled in
 * its log, as it was committed. A node gains the right only by an input to it, and settled grows only
 * by an input to some node, so checking after each of these is checking always.
 */
export class LocalReadSafety {
  private readonly committed: CommittedLog;
  private settled = 0;
  /** How often a node was found to have the right: zero means the check proved nothing. */
  servingSeen = 0;

  constructor(committed: CommittedLog) {
    this.committed = committed;
  }

  /** True when the settled index grew, and so every node must be checked. */
  settles(node: string, core: Core): boolean {
    const settled: number = core.settled;
    if (settled <= this.settled) return false;
    hold(
      settled <= this.committed.lastIndex,
      'settled entries are committed',
      () => `${node} calls ${settled} settled, and ${this.committed.lastIndex} are committed`,
    );
    this.settled = settled;
    return true;
  }

  check(node: string, core: Core): void {
    this.servingSeen++;
    const index = this.settled;
    if (index === 0) return;
    const entry = core.entryAt(logIndex(index));
    const holds =
      entry === undefined ? core.commit >= index : entry.term === this.committed.termAt(index);
    hold(
      holds && core.lastIndex >= index,
      'local reads see all that is settled',
      () =>
        `${node} may serve with a log up to ${core.lastIndex} ` +
        `(term ${entry?.term ?? 0} at ${index}), and ${index} is settled`,
    );
  }
}
