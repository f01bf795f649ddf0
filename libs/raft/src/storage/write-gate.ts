import type { DurableWrite } from '../core/effects.ts';

/**
 * Which writes a full store still takes. After one write was refused, later ones would leave a hole
 * behind them (or stand behind entries that should have been overwritten), so they are refused too
 * until the refused one is issued again under its own id. Only a vote passes: it does not depend on
 * the log, and a cluster must be able to elect while a disk is full.
 */
export class WriteGate {
  private refusedId: number | undefined;

  /** Called in the order of the writes; remembers what it refused. */
  admits(write: DurableWrite, full: boolean): boolean {
    if (isVoteOnly(write)) return true;
    if (this.refusedId !== undefined && write.id > this.refusedId) return false;
    if (full && write.entries.length > 0) {
      this.refuse(write);
      return false;
    }
    this.refusedId = undefined;
    return true;
  }

  /** For a write that was admitted and then found no room. */
  refuse(write: DurableWrite): void {
    if (isVoteOnly(write)) return;
    this.refusedId = Math.min(this.refusedId ?? write.id, write.id);
  }
}

export const isVoteOnly = (write: DurableWrite): boolean =>
  write.hardState !== undefined && write.entries.length === 0 && write.install === undefined;
