import type { DurableWrite } from '../core/effects.ts';
import type { DurableState, Entry, HardState, SnapshotMeta } from '../core/entry.ts';
import { indexZero, termZero } from '../core/ids.ts';
import type { LogIndex } from '../core/ids.ts';
import { invariant } from '../core/invariant.ts';

export const emptyHardState: HardState = { term: termZero, vote: undefined };

/**
 * Never goes back, whatever order writes are repeated in after a full disk: a lower term loses, and
 * within a term a vote once given is not forgotten (§5.2: one vote a term).
 */
export function mergeHardState(known: HardState, next: HardState): HardState {
  if (next.term > known.term) return next;
  if (next.term === known.term && known.vote === undefined) return next;
  return known;
}

/**
 * What a log holds after a sequence of writes: the meaning that every store gives to a write, in one
 * place. The memory store lives in it, the file store and the Redis store rebuild it when they load.
 */
export class LogImage {
  hardState: HardState = emptyHardState;
  snapshot: SnapshotMeta | undefined;
  /** Contiguous; the first stands at `firstIndex`. */
  entries: Entry[] = [];
  /** The index of the first entry, or of the one that would be appended to an empty log. */
  firstIndex = 1;
  private anchored: boolean;

  /** A replay may begin anywhere: the segments before were dropped. A live log begins at 1. */
  constructor(begins: 'at-one' | 'anywhere' = 'at-one') {
    this.anchored = begins === 'at-one';
  }

  get lastIndex(): number {
    return this.firstIndex + this.entries.length - 1;
  }

  entryAt(index: LogIndex): Entry | undefined {
    return this.entries[index - this.firstIndex];
  }

  apply(write: DurableWrite): void {
    if (write.hardState !== undefined) {
      this.hardState = mergeHardState(this.hardState, write.hardState);
    }
    if (write.install !== undefined) this.install(write.install, write.keepSuffix);
    this.overwrite(write.entries);
  }

  /** Entries replace whatever stood at their indexes and everything after (§5.3). */
  overwrite(entries: readonly Entry[]): void {
    const first = entries[0];
    if (first === undefined) return;
    if (!this.anchored) this.reset(first.index);
    invariant(first.index <= this.lastIndex + 1, 'a write leaves no gap in the log');
    // Replaying a log whose older segments were dropped, an overwrite may reach back before what is
    // left; whatever it does not replace had been compacted.
    if (first.index < this.firstIndex) this.reset(first.index);
    this.entries.length = first.index - this.firstIndex;
    for (const entry of entries) this.entries.push(entry);
  }

  /**
   * A write that a full disk refused is issued again when there is room, and by then a newer snapshot
   * may have been received and be durable. The older one is then overtaken, and its install only cuts
   * the log; the install of the newer follows.
   */
  install(meta: SnapshotMeta, keepSuffix: boolean): void {
    this.adopt(meta);
    if (!keepSuffix) this.reset(meta.index + 1);
  }

  /** A finished snapshot, taken here or received; an older one than is there is of no use. */
  adopt(meta: SnapshotMeta): void {
    if (this.snapshot === undefined || meta.index > this.snapshot.index) this.snapshot = meta;
  }

  compact(index: LogIndex): void {
    const upTo = Math.min(index, this.snapshot?.index ?? indexZero, this.lastIndex);
    if (upTo < this.firstIndex) return;
    this.entries.splice(0, upTo - this.firstIndex + 1);
    this.firstIndex = upTo + 1;
  }

  /**
   * What a restart finds. A received snapshot is durable a moment before the write that installs it:
   * after a crash between the two it is adopted all the same, for it holds only what is committed.
   * A log that does not contain the snapshot's last entry goes (§7); a term that only the snapshot
   * knows is one this node has not voted in.
   */
  durableState(): DurableState {
    const { snapshot } = this;
    let { hardState } = this;
    let entries: readonly Entry[] = this.entries.slice();
    if (snapshot !== undefined && !this.connectsTo(snapshot)) entries = [];
    const newestTerm = entries.at(-1)?.term ?? snapshot?.term ?? termZero;
    if (hardState.term < newestTerm) hardState = { term: newestTerm, vote: undefined };
    return { hardState, snapshot, entries };
  }

  private connectsTo(snapshot: SnapshotMeta): boolean {
    if (this.firstIndex === snapshot.index + 1) return true;
    return this.entryAt(snapshot.index)?.term === snapshot.term;
  }

  private reset(firstIndex: number): void {
    this.entries = [];
    this.firstIndex = firstIndex;
    this.anchored = true;
  }
}
