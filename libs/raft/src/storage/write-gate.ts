import type { DurableWrite } from '../core/effects.ts';

/**
 * Which writes a full store still takes. After one write was refused, later ones would leave a hole
 * behind them (or stand behind entries that should have been overwritten), so they are refused too
 * until the refused one is issued again under its own id. Only a vote passes: it does not depend on
 * the log, and a cluster must be able to elect while a disk is full.
 */
export class WriteGate {
  /** All of them, not only the first: each must come again before anything newer may pass. */
  private readonly refused = new Set<number>();

  /** Called in the order of the writes; remembers what it refused. */
  admits(write: DurableWrite, full: boolean): boolean {
    if (isVoteOnly(write)) return true;
    if (this.oldestRefused < write.id || (full && write.entries.length > 0)) {
      this.refused.add(write.id);
      return false;
    }
    this.refused.delete(write.id);
    return true;
  }

  /** For a write that was admitted and then found no room. */
  refuse(write: DurableWrite): void {
    if (!isVoteOnly(write)) this.refused.add(write.id);
  }

  private get oldestRefused(): number {
    return this.refused.size === 0 ? Infinity : Math.min(...this.refused);
  }
}

export const isVoteOnly = (write: DurableWrite): boolean =>
  write.hardState !== undefined && write.entries.length === 0 && write.install === undefined;
