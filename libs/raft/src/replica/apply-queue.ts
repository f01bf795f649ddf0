import type { Entry, SnapshotMeta } from '../core/entry.ts';
import { indexZero, type LogIndex, type Term, termZero } from '../core/ids.ts';
import { invariant } from '../core/invariant.ts';
import { encodedBytes } from '../wire/entries.ts';

/** The clock is read once for so many entries. */
const entriesPerLook = 16;

/** Committed entries on their way into the state machine, in slices. */
export class ApplyQueue {
  readonly #runs: (readonly Entry[])[] = [];
  /** Entries of the first run that are applied. */
  #done = 0;
  #backlogBytes = 0;
  #bytesApplied = 0;
  #index: LogIndex = indexZero;
  #term: Term = termZero;
  #atMs = 0;

  get index(): LogIndex {
    return this.#index;
  }

  get term(): Term {
    return this.#term;
  }

  /** The cluster clock of the last applied entry. */
  get atMs(): number {
    return this.#atMs;
  }

  get empty(): boolean {
    return this.#runs.length === 0;
  }

  get backlogBytes(): number {
    return this.#backlogBytes;
  }

  /** Bytes of log applied in this life; only differences mean something. */
  get bytesApplied(): number {
    return this.#bytesApplied;
  }

  add(entries: readonly Entry[]): void {
    if (entries.length === 0) return;
    this.#runs.push(entries);
    for (const entry of entries) this.#backlogBytes += encodedBytes(entry);
  }

  /** The state is now that of a snapshot: what it contains is not applied again. */
  jump(meta: SnapshotMeta): void {
    this.#index = meta.index;
    this.#term = meta.term;
    this.#atMs = meta.atMs;
  }

  /** Applies until nothing is left or `mustPause`; `newTerm` is called before a new term's first. */
  run(
    apply: (entry: Entry) => void,
    newTerm: (term: Term) => void,
    mustPause: () => boolean,
  ): void {
    let looked = 0;
    for (let run = this.#runs[0]; run !== undefined; run = this.#runs[0]) {
      while (this.#done < run.length) {
        if (looked === entriesPerLook) {
          if (mustPause()) return;
          looked = 0;
        }
        looked += 1;
        const entry = run[this.#done]!;
        this.#done += 1;
        const bytes = encodedBytes(entry);
        this.#backlogBytes -= bytes;
        if (entry.index <= this.#index) continue;
        invariant(entry.index === this.#index + 1, 'entries are applied without a gap');
        if (entry.term > this.#term) {
          this.#term = entry.term;
          newTerm(entry.term);
        }
        apply(entry);
        this.#index = entry.index;
        this.#atMs = entry.atMs;
        this.#bytesApplied += bytes;
      }
      this.#runs.shift();
      this.#done = 0;
    }
  }
}
