import type { BusTransactionKind } from '@quorate/mesi';
import type { DropReason } from '../state-machine/commands.ts';

/**
 * Bus transactions as this node saw them applied: those that it asked for itself, and the flushes and
 * drops of all. Plain numbers; metrics read them when somebody looks.
 */
export type BusCounts = Record<BusTransactionKind, number> & {
  readonly dropped: Record<DropReason, number>;
};

export const createBusCounts = (): BusCounts => ({
  BusRd: 0,
  BusRdX: 0,
  BusUpgr: 0,
  Flush: 0,
  Drop: 0,
  dropped: { deleted: 0, expired: 0, evicted: 0, lost: 0 },
});
