import type { Core, Entry } from '@quorate/raft';
import { logIndex } from '@quorate/raft';
import { digestEntry } from './committed-log.ts';
import { hold } from './violation.ts';

interface Known {
  readonly term: number;
  readonly digest: number;
  readonly previousTerm: number | undefined;
}

/**
 * Log matching (§5.3): two logs that hold an entry of one index and term hold the same there, and in
 * everything before. The second half follows if the entry *before* is always of the same term, so
 * each entry is compared once, when it is written, and never again.
 */
export class LogMatching {
  private readonly known = new Map<number, Known[]>();

  observe(node: string, core: Core, entries: readonly Entry[]): void {
    let previous: Entry | undefined;
    for (const entry of entries) {
      previous ??= entry.index > 1 ? core.entryAt(logIndex(entry.index - 1)) : undefined;
      this.compare(node, entry, previous);
      previous = entry;
    }
  }

  private compare(node: string, entry: Entry, previous: Entry | undefined): void {
    if (previous !== undefined) {
      hold(
        previous.term <= entry.term && previous.atMs <= entry.atMs,
        'terms and stamps never decrease along the log',
        () => `${node} wrote ${tell(entry)} after ${tell(previous)}`,
      );
    }
    const here = this.known.get(entry.index) ?? [];
    if (here.length === 0) this.known.set(entry.index, here);
    const same = here.find((other) => other.term === entry.term);
    const previousTerm = entry.index === 1 ? 0 : previous?.term;
    if (same === undefined) {
      here.push({ term: entry.term, digest: digestEntry(entry), previousTerm });
      return;
    }
    const matches =
      same.digest === digestEntry(entry) &&
      (same.previousTerm === undefined ||
        previousTerm === undefined ||
        same.previousTerm === previousTerm);
    hold(matches, 'log matching', () => `${node} wrote another ${tell(entry)}`);
  }
}

const tell = (entry: Entry): string =>
  `index ${entry.index} term ${entry.term} at ${entry.atMs.toFixed(3)} (${entry.kind})`;
