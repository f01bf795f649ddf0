import { entries, snapshotMeta, vote } from './log-history.ts';
import type { LogHistory } from './log-history.ts';

/** Scripts small enough to crash at each of their operations, in segments that hold a few writes. */
export const workloads: Readonly<Record<string, (log: LogHistory) => Promise<unknown>>> = {
  append: async (log) => {
    await log.write({ ...vote(1, 'a'), entries: entries(1, 1, 1) });
    for (let first = 2; first < 26; first += 6) {
      await Promise.all([
        log.write({ entries: entries(first, first, 1) }),
        log.write({ entries: entries(first + 1, first + 4, 1, 70) }),
        log.write({ entries: entries(first + 5, first + 5, 1) }),
      ]);
    }
  },

  truncate: async (log) => {
    await log.write({ ...vote(1, 'a'), entries: entries(1, 12, 1) });
    await log.write({ ...vote(2), entries: entries(8, 9, 2) });
    await log.write({ entries: entries(10, 14, 2) });
    await Promise.all([
      log.write({ ...vote(3), entries: entries(4, 6, 3) }),
      log.write({ entries: entries(6, 16, 3) }),
      log.write({ ...vote(4), entries: entries(16, 16, 4) }),
    ]);
    await log.write({ entries: entries(2, 2, 5), ...vote(5, 'b') });
  },

  vote: async (log) => {
    for (let inTerm = 1; inTerm <= 6; inTerm++) {
      await log.write(vote(inTerm));
      await Promise.all([
        log.write({}),
        log.write(vote(inTerm, inTerm % 2 === 0 ? 'a' : 'c')),
        log.write({ entries: entries(inTerm, inTerm, inTerm, 150) }),
      ]);
    }
  },

  compact: async (log) => {
    await log.write({ ...vote(1, 'a'), entries: entries(1, 4, 1) });
    for (let first = 5; first < 20; first += 5) {
      await log.write({ entries: entries(first, first + 4, 1) });
    }
    await log.snapshot(12, 1);
    log.compact(10);
    await log.write({ entries: entries(20, 26, 1) });
    await Promise.all([log.write({ entries: entries(27, 30, 1) }), log.snapshot(26, 1, 1)]);
    log.compact(26);
    await log.write({ ...vote(2, 'b'), entries: entries(29, 33, 2) });
    log.compact(20);
    await log.write({ entries: entries(34, 40, 2) });
    // Everything may go while the first frame of a new segment, which carries the vote, is written.
    await log.snapshot(40, 2);
    const begun = log.write({ entries: entries(41, 44, 2, 90) });
    log.compact(40);
    await begun;
    await log.write({ entries: entries(45, 48, 2, 90) });
  },

  snapshot: async (log) => {
    await log.write({ ...vote(1, 'a'), entries: entries(1, 8, 1) });
    await Promise.all([
      log.snapshot(6, 1),
      log.write({ entries: entries(9, 11, 1) }),
      log.write({ ...vote(2), entries: entries(10, 12, 2) }),
    ]);
    // Received from a leader of term 3, and no continuation of this log.
    await log.snapshot(20, 3);
    await log.write({ ...vote(3), install: snapshotMeta(20, 3), keepSuffix: false });
    await Promise.all([
      log.write({ entries: entries(21, 27, 3) }),
      log.snapshot(22, 3, 1),
      log.write({ entries: entries(28, 29, 3) }),
    ]);
    // Received as well, and in this log already.
    await log.snapshot(26, 3);
    await log.write({ install: snapshotMeta(26, 3), keepSuffix: true });
    log.compact(24);
    await log.write({ entries: entries(30, 31, 3) });
  },
};
