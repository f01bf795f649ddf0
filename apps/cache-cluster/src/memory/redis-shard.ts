import { FetchGatherer } from './fetch-gatherer.ts';
import { flushedOf, flushParameters, flushScript } from './flush-script.ts';
import { decodeItem } from './item-codec.ts';
import type { FlushBatch, Flushed, Fetched, Mark, ShardMemory } from './memory.ts';
import type { RedisLink } from './redis-link.ts';

/** Answered before anything was carried out. */
const carriedOutNothing =
  /^(?:LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|NOAUTH|NOPERM|TRYAGAIN|BUSY)\b/;

/**
 * The values of one shard in Redis. All keys share a hash tag, so that a script may write several of
 * them on a Cluster; behind the tag stands the name of the log, so that another log's are others.
 */
export class RedisShard implements ShardMemory {
  readonly #link: RedisLink;
  readonly #tag: string;
  readonly #log: () => string;
  readonly #fetches = new FetchGatherer((keys, deadlineMs) => this.#fetch(keys, deadlineMs));

  constructor(link: RedisLink, name: { readonly tag: string; readonly log: () => string }) {
    this.#link = link;
    this.#tag = name.tag;
    this.#log = name.log;
  }

  get available(): boolean {
    return this.#link.isReady;
  }

  fetch(keys: readonly string[], deadlineMs: number): Promise<Fetched> {
    return this.#fetches.fetch(keys, deadlineMs);
  }

  async flush(batch: FlushBatch): Promise<Flushed> {
    const parameters = flushParameters(batch, {
      mark: this.#markKey(),
      value: (key) => this.#valueKey(key),
    });
    const answer = await this.#link.call(batch.deadlineMs, 'EVAL', flushScript, ...parameters);
    switch (answer.kind) {
      case 'reply':
        return flushedOf(answer.value);
      case 'refused':
        // A script that fails half-way (out of memory, say) leaves its first half behind.
        return carriedOutNothing.test(answer.message)
          ? { kind: 'unavailable', detail: answer.message }
          : { kind: 'unknown', detail: answer.message };
      case 'unavailable':
      case 'unknown':
        return answer;
    }
  }

  async readMark(deadlineMs: number): Promise<Mark> {
    const answer = await this.#link.call(deadlineMs, 'EXISTS', this.#markKey());
    if (answer.kind !== 'reply') return 'unavailable';
    return Number(answer.value) === 1 ? 'present' : 'absent';
  }

  async #fetch(keys: readonly string[], deadlineMs: number): Promise<Fetched> {
    const names = keys.map((key) => this.#valueKey(key));
    const answer = await this.#link.call(deadlineMs, 'MGET', ...names);
    switch (answer.kind) {
      case 'reply': {
        const values = answer.value as readonly (Buffer | null)[];
        return {
          kind: 'fetched',
          items: values.map((value) => (value === null ? undefined : decodeItem(value))),
        };
      }
      case 'refused':
        return { kind: 'unavailable', detail: answer.message };
      case 'unavailable':
      case 'unknown':
        return { kind: 'unavailable', detail: answer.detail };
    }
  }

  #markKey(): string {
    return `${this.#tag}:${this.#log()}:mark`;
  }

  #valueKey(key: string): string {
    return `${this.#tag}:${this.#log()}:v:${key}`;
  }
}
