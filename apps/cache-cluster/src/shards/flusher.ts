import type { Logger } from '@quorate/service-kit';
import type { Flushed, FlushWrite, Memory } from '../memory/memory.ts';
import type { KeyVersion } from '../state-machine/commands.ts';
import type { KeyRecord } from '../state-machine/key-record.ts';
import type { Shard } from './shard.ts';

const batchKeysMax = 500;
const batchBytesMax = 1 << 20;
/** Then others have their turn; what is left waits for the next run. */
const batchesMax = 200;
const workMs = 5_000;
const lookAtMarkMs = 5_000;

/**
 * The leader of a shard brings memory up to date, then says so by an entry: M becomes E. It does so
 * only once it has applied what it was elected with, only with versions that are settled, and with one
 * write of a key under way; see libs/mesi/DESIGN.md for what goes wrong otherwise. It runs now and
 * then, so that a burst of writes of one key reaches memory once.
 */
export class Flusher {
  readonly #shard: Shard;
  readonly #keepsValues: boolean;
  readonly #logger: Logger;
  /** The term in which this node is entitled to flush. */
  #term = 0;
  /** Raised whenever the fate of a batch is unknown, so that it can never land after a later one. */
  #attempt = 0;
  #isBusy = false;
  #lookedAtMarkMs = -Infinity;
  /** Said once until it is over, not at every run. */
  #trouble: string | undefined;

  constructor(shard: Shard, memory: Pick<Memory, 'keepsValues'>, logger: Logger) {
    this.#shard = shard;
    this.#keepsValues = memory.keepsValues;
    this.#logger = logger.child({ shard: shard.number });
  }

  async run(): Promise<void> {
    const { role, term } = this.#shard.group.status();
    if (this.#isBusy || role !== 'leader') return;
    this.#isBusy = true;
    try {
      if (!(await this.#isEntitled(term))) return;
      await this.#lookAtMark(term);
      for (let batches = 0; batches < batchesMax && this.#leads(term); batches++) {
        if (!(await this.#flushSome(term))) return;
      }
    } finally {
      this.#isBusy = false;
    }
  }

  /** A read barrier of this term says that the leader's own first entry is applied here. */
  async #isEntitled(term: number): Promise<boolean> {
    if (this.#term === term) return true;
    const barrier = await this.#shard.group.readBarrier(this.#shard.nowMs() + workMs);
    if (barrier.kind === 'refused' || !this.#leads(term)) return false;
    this.#term = term;
    this.#attempt = 0;
    return true;
  }

  #leads(term: number): boolean {
    const { role, term: now } = this.#shard.group.status();
    return role === 'leader' && now === term;
  }

  /** False: nothing (more) to do now. */
  async #flushSome(term: number): Promise<boolean> {
    const { state, memory } = this.#shard;
    const writes = this.#gather();
    if (writes.length === 0) return false;
    const flushed = await memory.flush({
      token: { term, attempt: this.#attempt },
      writes,
      markExpected: state.hasFlushed,
      deadlineMs: this.#shard.nowMs() + workMs,
    });
    switch (flushed.kind) {
      case 'flushed':
        this.#isWellAgain();
        return this.#tellFlushed(writes, flushed.results);
      case 'fenced':
        this.#fenced(flushed, term);
        return false;
      case 'mark-missing':
        await this.#noteLoss();
        return false;
      case 'unknown':
        this.#attempt += 1;
        this.#inTrouble('what became of a batch of writes is not known', flushed.detail);
        return false;
      case 'unavailable':
        this.#inTrouble('memory cannot be reached', flushed.detail);
        return false;
    }
  }

  #gather(): FlushWrite[] {
    const { state, group } = this.#shard;
    const { settled } = group;
    const clockMs = group.clockMs();
    const writes: FlushWrite[] = [];
    let bytes = 0;
    for (const record of state.dirty.values()) {
      if (writes.length >= batchKeysMax || bytes >= batchBytesMax) break;
      if (record.entry.version > settled) continue;
      writes.push(writeOf(record, clockMs));
      bytes += record.item?.value.bytes.length ?? 0;
    }
    return writes;
  }

  async #tellFlushed(
    writes: readonly FlushWrite[],
    results: readonly ('written' | 'newer')[],
  ): Promise<boolean> {
    // Where memory has something newer, a later entry of the log has already said so.
    const keys = writes
      .filter((_, i) => results[i] === 'written')
      .map(({ key, version }): KeyVersion => ({ key, version }));
    if (keys.length === 0) return false;
    const told = await this.#shard.group.propose(
      { kind: 'flush', keys, keepValues: this.#keepsValues },
      { deadlineMs: this.#shard.nowMs() + workMs },
    );
    return told.kind === 'applied' && keys.length === writes.length;
  }

  #fenced({ by }: Extract<Flushed, { kind: 'fenced' }>, term: number): void {
    if (by.term === term) {
      // An attempt of our own that we no longer counted on has arrived after all.
      this.#attempt = Math.max(this.#attempt, by.attempt);
      return;
    }
    this.#inTrouble(
      'memory was written to by a later leader than this one',
      `its mark says term ${by.term}, and this is term ${term}`,
    );
  }

  async #lookAtMark(term: number): Promise<void> {
    const nowMs = this.#shard.nowMs();
    if (!this.#shard.state.hasFlushed || nowMs - this.#lookedAtMarkMs < lookAtMarkMs) return;
    this.#lookedAtMarkMs = nowMs;
    const mark = await this.#shard.memory.readMark(nowMs + workMs);
    if (mark === 'absent' && this.#leads(term)) await this.#noteLoss();
  }

  async #noteLoss(): Promise<void> {
    this.#logger.error(
      'memory has lost the data of this shard; its keys answer 404 as they are asked for',
    );
    await this.#shard.group.propose(
      { kind: 'memory-lost' },
      { deadlineMs: this.#shard.nowMs() + workMs },
    );
  }

  #inTrouble(what: string, detail: string): void {
    if (this.#trouble === what) return;
    this.#trouble = what;
    this.#logger.warn(`cannot flush: ${what}`, { detail });
  }

  #isWellAgain(): void {
    if (this.#trouble === undefined) return;
    this.#trouble = undefined;
    this.#logger.info('flushing again');
  }
}

function writeOf({ key, entry, item }: KeyRecord, clockMs: number): FlushWrite {
  const { version, deadlineMs } = entry;
  const expiresInMs = deadlineMs === Infinity ? undefined : Math.max(1, deadlineMs - clockMs);
  return { key, version, item, expiresInMs };
}
