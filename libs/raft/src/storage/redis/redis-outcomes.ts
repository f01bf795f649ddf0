import type { HardState } from '../../core/entry.ts';
import type { Health } from '../health.ts';
import type { StorageFailure } from '../log-store.ts';
import type { OnStorageReport } from '../reports.ts';
import { explainVerdict } from './redis-claim.ts';
import type { Owner } from './redis-claim.ts';
import type { RedisKeys } from './redis-keys.ts';
import { listOf, textOf } from './redis-link.ts';
import type { RedisAnswer, RedisLink } from './redis-link.ts';
import { confirmScript, probeScript, voteScript, writeScript } from './redis-scripts.ts';

/** One batch: an element for the log list, a term and vote, or both. */
export interface Attempt {
  readonly element: Buffer | undefined;
  readonly hardState: HardState | undefined;
}

export interface RedisOutcomesOptions {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  readonly owner: Owner;
  readonly health: Health;
  readonly report: OnStorageReport;
  /** What is wrong with this Redis's settings; asked again whenever a connection was lost. */
  readonly findWeakness: () => Promise<string | undefined>;
  /** How long to wait before a Redis that refuses writes for now is asked again. */
  readonly checkIntervalMs: number;
  readonly setTimer: (run: () => void, delayMs: number) => () => void;
}

/**
 * Finds out what became of each batch. Batches are numbered by a counter in Redis, and a script
 * writes batch n + 1 only where n is the last. So when an answer is lost with its connection:
 *
 * - the counter says n + 1: the batch is there, and the look-up (itself a write, so answered after a
 *   sync) made it durable;
 * - the counter says n: it is not there. It is issued again under the same number; should the first
 *   issue still arrive from some buffer, one of the two finds the counter taken, and that is success;
 * - anything else: Redis forgot what it had acknowledged, or somebody else writes. The store is broken.
 */
export class RedisOutcomes {
  /** The last batch known to be durable. */
  counter: number;
  private closing = false;
  private endPause: (() => void) | undefined;
  private readonly options: RedisOutcomesOptions;

  constructor(options: RedisOutcomesOptions, counter: number) {
    this.options = options;
    this.counter = counter;
  }

  async write(attempt: Attempt): Promise<{ readonly kind: 'written' } | StorageFailure> {
    for (let repeated = false; ; repeated = true) {
      const answer = await this.issue(attempt);
      if (answer.kind === 'refused') return this.onRefusal(answer.message);
      let counter: number | undefined;
      if (answer.kind === 'reply') {
        const [verdict, found] = listOf(answer.value).map(textOf);
        if (verdict === 'written') return this.written();
        if (verdict !== 'counter' || !repeated) return this.break(verdict, found);
        counter = Number(found);
      } else {
        counter = await this.lookUp();
        if (counter === undefined) return this.options.health.broken!;
        this.options.report({ kind: 'outcome-resolved', written: counter === this.counter + 1 });
      }
      if (counter === this.counter + 1) return this.written();
      if (counter !== this.counter) return this.break('counter', String(counter));
    }
  }

  async checkMemory(): Promise<void> {
    const counter = await this.lookUp();
    if (counter !== undefined && counter !== this.counter) this.break('counter', String(counter));
  }

  /** Whoever waits for Redis to take writes again waits no longer: the outcome stays unknown. */
  close(): void {
    this.closing = true;
    this.endPause?.();
  }

  /** Whether Redis takes writes that grow it. */
  async probe(): Promise<boolean> {
    const { link, keys, owner } = this.options;
    if (!link.isReady) return false;
    const answer = await link.call('EVAL', probeScript, 1, keys.state, owner.token);
    return answer.kind === 'reply';
  }

  /** For scripts beside the log (snapshots): a verdict that nobody expected ends the store. */
  break(verdict: string | undefined, found: string | undefined): StorageFailure {
    const { health, owner } = this.options;
    const why = explainVerdict(verdict ?? 'nothing', Number(found), owner, this.counter);
    return health.break('Redis', why);
  }

  private written(): { readonly kind: 'written' } {
    this.counter++;
    return { kind: 'written' };
  }

  private issue({ element, hardState }: Attempt): Promise<RedisAnswer> {
    const { link, keys, owner } = this.options;
    return link.call(
      'EVAL',
      element === undefined ? voteScript : writeScript,
      2,
      keys.state,
      keys.log,
      owner.token,
      this.counter,
      element ?? '',
      hardState === undefined ? '' : hardState.term,
      hardState?.vote ?? '',
    );
  }

  /** The counter in Redis, durable as it stands; `undefined` when the store is broken by now. */
  private async lookUp(): Promise<number | undefined> {
    const { link, keys, owner, health, findWeakness } = this.options;
    while (await link.ready()) {
      const weakness = await findWeakness();
      if (weakness !== undefined && link.isReady) {
        health.break('Redis', new Error(`it came back less durable: ${weakness}`));
        return undefined;
      }
      const answer = await link.call('EVAL', confirmScript, 1, keys.state, owner.token);
      if (answer.kind === 'unknown') continue;
      if (answer.kind === 'refused') {
        if (isForNow(answer.message) && !this.closing) {
          await this.pause();
          continue;
        }
        health.break('Redis', new Error(answer.message));
        return undefined;
      }
      const [verdict, found] = listOf(answer.value).map(textOf);
      if (verdict === 'counter') return Number(found);
      this.break(verdict, found);
      return undefined;
    }
    health.break('Redis', new Error('closed before the outcome of a write was known'));
    return undefined;
  }

  private async pause(): Promise<void> {
    const { setTimer, checkIntervalMs } = this.options;
    let cancel: (() => void) | undefined;
    await new Promise<void>((resolve) => {
      cancel = setTimer(resolve, checkIntervalMs);
      this.endPause = resolve;
    });
    cancel?.();
    this.endPause = undefined;
  }

  /** Nothing was written. Some refusals pass when there is room again; the others do not. */
  private onRefusal(message: string): StorageFailure {
    if (isForNow(message)) return { kind: 'full', detail: `Redis: ${message}` };
    return this.options.health.break('Redis', new Error(message));
  }
}

/**
 * Out of memory, a save or an append that failed for want of disk, too few replicas, or a script of
 * somebody else that takes its time.
 */
export const isForNow = (message: string): boolean =>
  /^(OOM|MISCONF|NOREPLICAS|BUSY) /.test(message);
