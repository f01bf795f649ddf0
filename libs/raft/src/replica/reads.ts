import type { Core } from '../core/core.ts';
import type { ReadReady } from '../core/effects.ts';
import { logIndex } from '../core/ids.ts';
import type { ReadOutcome } from './group.ts';
import { IndexWaiters } from './index-waiters.ts';

interface Reader {
  readonly deadlineMs: number;
  readonly callback: (outcome: ReadOutcome) => void;
}

interface Batch {
  readonly readers: readonly Reader[];
  readonly askedMs: number;
}

/**
 * Linearizable reads (ReadIndex, dissertation §6.4): all that ask within a turn share one question to
 * the core, whose answer is an index; they are served once that is applied here. A question without an
 * answer is asked again under a new id, until the reader's deadline.
 */
export class Reads {
  readonly #core: Core;
  readonly #readTimeoutMs: number;
  #nextId = 1;
  #waiting: Reader[] = [];
  /** Could not be confirmed: asked again at the next tick, since at once would only spin. */
  #unconfirmed: Reader[] = [];
  readonly #asked = new Map<number, Batch>();
  readonly #confirmed = new IndexWaiters();

  constructor(core: Core, readTimeoutMs: number) {
    this.#core = core;
    this.#readTimeoutMs = readTimeoutMs;
  }

  get waiting(): boolean {
    return this.#waiting.length > 0;
  }

  add(deadlineMs: number, callback: (outcome: ReadOutcome) => void): void {
    this.#waiting.push({ deadlineMs, callback });
  }

  /** Asks the core on behalf of all that came in since the last turn. */
  flush(nowMs: number): void {
    if (this.#waiting.length === 0) return;
    const id = this.#nextId;
    this.#nextId += 1;
    this.#asked.set(id, { readers: this.#waiting, askedMs: nowMs });
    this.#waiting = [];
    this.#core.step({ kind: 'read', nowMs, id });
  }

  answered(ready: ReadReady): void {
    const batch = this.#asked.get(ready.id);
    if (batch === undefined) return;
    this.#asked.delete(ready.id);
    if (ready.index === undefined) {
      this.#unconfirmed.push(...batch.readers);
      return;
    }
    const index = ready.index;
    for (const { deadlineMs, callback } of batch.readers) {
      this.#confirmed.add(index, deadlineMs, (reached) =>
        callback(reached ? { kind: 'ready', index } : { kind: 'refused', why: 'no-leader' }),
      );
    }
  }

  applied(index: number): void {
    this.#confirmed.reached(logIndex(index));
  }

  tick(nowMs: number): void {
    for (const [id, { readers, askedMs }] of this.#asked) {
      const overdue = readers.some(({ deadlineMs }) => deadlineMs <= nowMs);
      if (!overdue && nowMs - askedMs < this.#readTimeoutMs) continue;
      this.#asked.delete(id);
      this.#unconfirmed.push(...readers);
    }
    if (this.#unconfirmed.length > 0 || this.#waiting.length > 0) this.#askAgain(nowMs);
    this.#confirmed.expire(nowMs);
  }

  clear(): void {
    const readers = [...this.#waiting, ...this.#unconfirmed];
    for (const batch of this.#asked.values()) readers.push(...batch.readers);
    this.#waiting = [];
    this.#unconfirmed = [];
    this.#asked.clear();
    for (const { callback } of readers) callback({ kind: 'refused', why: 'no-leader' });
    this.#confirmed.clear();
  }

  #askAgain(nowMs: number): void {
    const readers = [...this.#unconfirmed, ...this.#waiting];
    this.#unconfirmed = [];
    this.#waiting = readers.filter(({ deadlineMs }) => deadlineMs > nowMs);
    for (const { deadlineMs, callback } of readers) {
      if (deadlineMs <= nowMs) callback({ kind: 'refused', why: 'no-leader' });
    }
  }
}
