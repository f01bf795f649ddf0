import type { Entry, Membership, SnapshotMeta } from './entry.ts';
import { logIndex, termZero, type LogIndex, type Term } from './ids.ts';
import { invariant } from './invariant.ts';
import { decodeMembership } from './membership.ts';
import { entryBytes, RunMemo, type Run } from './run-memo.ts';

/** The entry just before the window: known by its place, its term and its stamp, but not its payload. */
export interface LogBase {
  readonly index: LogIndex;
  readonly term: Term;
  readonly atMs: number;
}

interface MembershipAt {
  readonly index: LogIndex;
  readonly membership: Membership;
}

/**
 * The part of the log that is in memory: everything after `base`. What of it is durable, committed or
 * applied is not the log's business. Every change keeps the Log Matching Property's local half:
 * indexes without gaps, terms and stamps that never decrease.
 */
export class Log {
  private base: LogBase;
  private entries: Entry[] = [];
  private memberships: MembershipAt[];
  private readonly runs = new RunMemo();

  constructor(base: LogBase, membership: MembershipAt) {
    this.base = base;
    this.memberships = [membership];
  }

  get baseIndex(): LogIndex {
    return this.base.index;
  }

  get lastIndex(): LogIndex {
    return logIndex(this.base.index + this.entries.length);
  }

  get lastTerm(): Term {
    return this.entries.at(-1)?.term ?? this.base.term;
  }

  get lastAtMs(): number {
    return this.entries.at(-1)?.atMs ?? this.base.atMs;
  }

  /** The membership in force: the newest one appended, committed or not (§6). */
  get membership(): Membership {
    return this.memberships.at(-1)!.membership;
  }

  membershipAt(index: LogIndex): Membership {
    const found = this.memberships.findLast((m) => m.index <= index);
    invariant(found !== undefined, 'memberships before the snapshot are gone');
    return found.membership;
  }

  entryAt(index: LogIndex): Entry | undefined {
    return this.entries[index - this.base.index - 1];
  }

  /** `undefined` outside what is known: compacted away, or not there yet. */
  termAt(index: LogIndex): Term | undefined {
    if (index === this.base.index) return this.base.term;
    return this.entries[index - this.base.index - 1]?.term;
  }

  metaAt(index: LogIndex): SnapshotMeta {
    const at = index === this.base.index ? this.base : this.entryAt(index);
    invariant(at !== undefined, 'a snapshot is taken of what is in the log');
    return { index, term: at.term, atMs: at.atMs, membership: this.membershipAt(index) };
  }

  append(entries: readonly Entry[]): void {
    for (const entry of entries) this.push(entry);
  }

  push(entry: Entry): void {
    invariant(entry.index === this.lastIndex + 1, 'the log has no gaps');
    invariant(entry.term >= this.lastTerm, 'terms never decrease along the log');
    invariant(entry.atMs >= this.lastAtMs, 'stamps never decrease along the log');
    this.entries.push(entry);
    if (entry.kind !== 'membership' || entry.index <= this.memberships[0]!.index) return;
    this.memberships.push({ index: entry.index, membership: decodeMembership(entry.payload) });
  }

  /** Drops `index` and everything after. A membership that stood there is out of force again. */
  truncateFrom(index: LogIndex): void {
    invariant(index > this.base.index, 'what is in a snapshot is never cut off');
    this.entries.length = Math.max(0, index - this.base.index - 1);
    while (this.memberships.length > 1 && this.memberships.at(-1)!.index >= index) {
      this.memberships.pop();
    }
  }

  /** Forgets everything up to and including `index`, but its term: the boundary stays comparable. */
  compactTo(index: LogIndex): void {
    if (index <= this.base.index) return;
    const entry = this.entryAt(index);
    invariant(entry !== undefined, 'only what is in the log is compacted');
    this.entries.splice(0, index - this.base.index);
    this.base = { index, term: entry.term, atMs: entry.atMs };
    while (this.memberships.length > 1 && this.memberships[1]!.index <= index) {
      this.memberships.shift();
    }
  }

  /** A received snapshot takes the place of everything that was here. */
  reset(meta: SnapshotMeta): void {
    this.base = { index: meta.index, term: meta.term, atMs: meta.atMs };
    this.entries = [];
    this.memberships = [{ index: meta.index, membership: meta.membership }];
  }

  slice(from: LogIndex, through: LogIndex): readonly Entry[] {
    invariant(from > this.base.index && through <= this.lastIndex, 'what is taken is in the log');
    return this.entries.slice(from - this.base.index - 1, through - this.base.index);
  }

  /** A run to send, at least one entry and else at most `bytesMax`; the same array for all who ask. */
  run(from: LogIndex, bytesMax: number): Run {
    const start = from - this.base.index - 1;
    invariant(start >= 0 && start < this.entries.length, 'a run begins inside the log');
    return (
      this.runs.find(this.entries, start, bytesMax) ?? this.runs.make(this.entries, start, bytesMax)
    );
  }

  /** Remembers an array that is about to be written, so that followers are sent the very same. */
  rememberRun(entries: readonly Entry[]): void {
    this.runs.remember(entries);
  }

  bytesBetween(from: LogIndex, through: LogIndex): number {
    let bytes = 0;
    for (let i = from - this.base.index - 1; i < through - this.base.index; i++) {
      bytes += entryBytes(this.entries[i]!);
    }
    return bytes;
  }

  /**
   * The last index at or before `index` whose term is at most `term`: where two logs can at best
   * agree, given that one of them has `term` there (§5.3, fast back-off).
   */
  lastIndexWithTermAtMost(index: LogIndex, term: Term): LogIndex {
    let at = Math.min(index, this.lastIndex);
    while (at > this.base.index && this.termAt(logIndex(at))! > term) at -= 1;
    return logIndex(at);
  }
}

export const emptyBase: LogBase = { index: logIndex(0), term: termZero, atMs: 0 };
