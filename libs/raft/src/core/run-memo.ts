import type { Entry } from './entry.ts';

/** A piece of the log in an array of its own, with its weight. */
export interface Run {
  readonly entries: readonly Entry[];
  readonly bytes: number;
}

/** What an entry weighs in the accounts of windows and bounds beside its payload. */
const entryOverheadBytes = 32;

export const entryBytes = (entry: Entry): number => entry.payload.length + entryOverheadBytes;

const runsKept = 8;

/**
 * Encoding is remembered by an array's identity, so what the disk was given and what each follower is
 * sent should be one array. A remembered run is still true when its first and last entries are the
 * very objects that stand in the log: whatever was cut off and written again are other objects.
 */
export class RunMemo {
  private readonly kept: (Run | undefined)[] = new Array<Run | undefined>(runsKept).fill(undefined);
  private cursor = 0;

  find(log: readonly Entry[], start: number, bytesMax: number): Run | undefined {
    for (const run of this.kept) {
      if (run === undefined || run.entries[0] !== log[start]) continue;
      const end = start + run.entries.length;
      if (run.bytes > bytesMax || log[end - 1] !== run.entries[run.entries.length - 1]) continue;
      // A small old run in the middle of the log would make a lagging follower catch up in crumbs.
      if (end === log.length || run.bytes * 2 >= bytesMax) return run;
    }
    return undefined;
  }

  make(log: readonly Entry[], start: number, bytesMax: number): Run {
    let bytes = 0;
    let end = start;
    while (end < log.length) {
      const more = entryBytes(log[end]!);
      if (end > start && bytes + more > bytesMax) break;
      bytes += more;
      end += 1;
    }
    return this.keep({ entries: log.slice(start, end), bytes });
  }

  remember(entries: readonly Entry[]): void {
    let bytes = 0;
    for (const entry of entries) bytes += entryBytes(entry);
    this.keep({ entries, bytes });
  }

  private keep(run: Run): Run {
    this.kept[this.cursor] = run;
    this.cursor = (this.cursor + 1) % runsKept;
    return run;
  }
}
