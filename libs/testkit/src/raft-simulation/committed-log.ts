import type { Core, Entry } from '@quorate/raft';
import { logIndex } from '@quorate/raft';
import { digestBytes, digestNumber, digestStart, digestText } from './digest.ts';
import { hold } from './violation.ts';

export const digestEntry = (entry: Entry): number => {
  const head = digestNumber(digestNumber(digestStart, entry.term), entry.atMs);
  return digestBytes(digestText(head, entry.kind), entry.payload);
};

/**
 * The one sequence of committed entries, as the first node to commit each of them knew it. Nobody
 * may ever commit anything else there.
 */
export class CommittedLog {
  private readonly terms: number[] = [0];
  private readonly digests: number[] = [0];
  private readonly stamps: number[] = [-Infinity];
  /** The term of whoever first called it committed; never below the term in which it was. */
  private readonly commitTerms: number[] = [0];

  get lastIndex(): number {
    return this.terms.length - 1;
  }

  termAt(index: number): number | undefined {
    return this.terms[index];
  }

  /** Up to here everything was committed before this term, and so belongs in its leader's log. */
  lastCommittedBefore(term: number): number {
    let index = this.lastIndex;
    while (index > 0 && this.commitTerms[index]! >= term) index--;
    return index;
  }

  /** A node now calls everything up to `to` committed; true when the log of all grew by it. */
  observe(node: string, core: Core, from: number, to: number): boolean {
    const before = this.lastIndex;
    for (let index = from + 1; index <= to; index++) {
      const entry = core.entryAt(logIndex(index));
      if (entry === undefined) {
        // Covered by a snapshot on that node; it must be one of what was committed before.
        hold(
          index <= this.lastIndex,
          'committed entries exist',
          () => `${node} committed index ${index} which nobody has shown`,
        );
        continue;
      }
      if (index <= this.lastIndex) this.compare(node, index, entry);
      else this.append(node, core.office.term, entry);
    }
    return this.lastIndex > before;
  }

  private compare(node: string, index: number, entry: Entry): void {
    hold(
      this.terms[index] === entry.term && this.digests[index] === digestEntry(entry),
      'committed entries never change',
      () =>
        `${node} committed term ${entry.term} at index ${index}, ` +
        `where term ${this.terms[index] ?? 0} was committed before`,
    );
  }

  private append(node: string, commitTerm: number, entry: Entry): void {
    const last = this.lastIndex;
    hold(
      entry.atMs >= this.stamps[last]!,
      'clock stamps never decrease',
      () => `${node} committed stamp ${entry.atMs} after ${this.stamps[last] ?? 0}`,
    );
    hold(
      entry.term >= this.terms[last]!,
      'terms never decrease along the log',
      () => `${node} committed term ${entry.term} after ${this.terms[last] ?? 0}`,
    );
    this.terms.push(entry.term);
    this.digests.push(digestEntry(entry));
    this.stamps.push(entry.atMs);
    this.commitTerms.push(commitTerm);
  }
}
