/** Bound once: a global is slow to look up where tests run, and these run millions of times. */
const { min } = Math;

/**
 * A Raft log small enough for one byte: up to four entries, each given by its term alone (1 to 3),
 * two bits apiece, the oldest in the lowest bits. A term's first entry is its leader's no-op; in
 * term 1 that no-op, and one write that every node knows, lie below index 1. Every other entry is a
 * write to the one key of the model. Since a term has one leader, index and term name an entry.
 */
export type AbstractLog = number;

export const logLengthMax = 4;
export const emptyLog: AbstractLog = 0;

export function lengthOf(log: AbstractLog): number {
  return log === 0 ? 0 : log < 4 ? 1 : log < 16 ? 2 : log < 64 ? 3 : 4;
}

/** The term of the entry at `index`, counted from 1; 0 where there is none. */
export function termAt(log: AbstractLog, index: number): number {
  return index === 0 ? 1 : (log >> (2 * (index - 1))) & 3;
}

export function lastTermOf(log: AbstractLog): number {
  return termAt(log, lengthOf(log));
}

export function appended(log: AbstractLog, term: number): AbstractLog {
  return log | (term << (2 * lengthOf(log)));
}

export function prefixOf(log: AbstractLog, length: number): AbstractLog {
  return log & ((1 << (2 * length)) - 1);
}

/** What a follower holds after the leader sent it everything up to the end of `sent` (Raft §5.3). */
export function overwrittenBy(log: AbstractLog, sent: AbstractLog): AbstractLog {
  return prefixOf(log, lengthOf(sent)) === sent ? log : sent;
}

/** Whether a voter with log `voter` may vote for a candidate with log `candidate` (Raft §5.4.1). */
export function isUpToDate(candidate: AbstractLog, voter: AbstractLog): boolean {
  const difference = lastTermOf(candidate) - lastTermOf(voter);
  return difference > 0 || (difference === 0 && lengthOf(candidate) >= lengthOf(voter));
}

/** The index of the newest write at or below `upTo`: the version that a line filled from it has. */
export function lastWriteIn(log: AbstractLog, upTo: number): number {
  for (let index = min(upTo, lengthOf(log)); index > 0; index--) {
    if (termAt(log, index) === termAt(log, index - 1)) {
      return index;
    }
  }
  return 0;
}

/** Where the no-op of the leader of `term` stands in its log; 0 for term 1, whose no-op is older. */
export function noopIndexOf(log: AbstractLog, term: number): number {
  for (let index = 1; index <= lengthOf(log); index++) {
    if (termAt(log, index) === term && termAt(log, index - 1) !== term) {
      return index;
    }
  }
  return 0;
}

export function describeLog(log: AbstractLog): string {
  const entries = Array.from({ length: lengthOf(log) }, (_, i) => {
    const kind = termAt(log, i + 1) === termAt(log, i) ? 'w' : 'n';
    return `${kind}${i + 1}`;
  });
  return `[${entries.join(' ')}]`;
}
