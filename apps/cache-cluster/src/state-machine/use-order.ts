import type { KeyRecord } from './key-record.ts';

/**
 * Keys in the order in which the log last saw them used. Hits leave no trace in the log, so this is
 * the least recent use as far as the directory knows. Rebuilt on a restore: it decides no reply.
 */
export class UseOrder {
  #oldest: KeyRecord | undefined;
  #newest: KeyRecord | undefined;

  /** From the least recently used. */
  *[Symbol.iterator](): IterableIterator<KeyRecord> {
    for (let at = this.#oldest; at !== undefined; at = at.newer) yield at;
  }

  add(record: KeyRecord): void {
    record.older = this.#newest;
    record.newer = undefined;
    if (this.#newest === undefined) this.#oldest = record;
    else this.#newest.newer = record;
    this.#newest = record;
  }

  touch(record: KeyRecord): void {
    if (record === this.#newest) return;
    this.remove(record);
    this.add(record);
  }

  remove(record: KeyRecord): void {
    const { older, newer } = record;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    record.older = undefined;
    record.newer = undefined;
  }
}
