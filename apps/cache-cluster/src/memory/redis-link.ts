import type { Logger, RedisTarget } from '@quorate/service-kit';
import { Cluster, type Redis } from 'ioredis';
import { openRedis } from './redis-client.ts';

/** What came of one command. */
export type RedisAnswer =
  | { readonly kind: 'reply'; readonly value: unknown }
  /** Redis said no. */
  | { readonly kind: 'refused'; readonly message: string }
  /** It never left this node. */
  | { readonly kind: 'unavailable'; readonly detail: string }
  /** No answer in time, or the connection went: it may be carried out, now or later. */
  | { readonly kind: 'unknown'; readonly detail: string };

/** The connection of this node, for all shards. Nothing here throws, and nothing waits for ever. */
export class RedisLink {
  readonly #client: Redis | Cluster;
  readonly #logger: Logger;
  #trouble: string | undefined;

  constructor(target: RedisTarget, logger: Logger, silenceMs?: number) {
    this.#client = openRedis(target, silenceMs);
    this.#logger = logger;
    this.#client.on('error', (failure: Error) => this.#inTrouble(failure.message));
    this.#client.on('ready', () => this.#isWellAgain());
  }

  get isReady(): boolean {
    return this.#client.status === 'ready';
  }

  get trouble(): string {
    return this.#trouble ?? 'it is not connected';
  }

  /** Replies come as Buffers, so that payloads stay bytes. */
  async call(
    deadlineMs: number,
    command: string,
    ...parameters: (string | number | Buffer)[]
  ): Promise<RedisAnswer> {
    if (!this.isReady) return { kind: 'unavailable', detail: this.trouble };
    const sent = this.#client.callBuffer(command, ...parameters).then(
      (value): RedisAnswer => ({ kind: 'reply', value }),
      (failure: unknown): RedisAnswer => {
        const { name, message } = failure as Error;
        if (name === 'ReplyError') return { kind: 'refused', message };
        return { kind: 'unknown', detail: message };
      },
    );
    return Promise.race([sent, this.#timeout(deadlineMs, sent)]);
  }

  /** For questions about its settings: any server of a cluster has the same, it is hoped. */
  async setting(name: string, deadlineMs: number): Promise<string | undefined> {
    const client = this.#client;
    const [server] = client instanceof Cluster ? client.nodes('master') : [client];
    if (server === undefined || !this.isReady) return undefined;
    const asked = server.config('GET', name).then(
      (pair) => (Array.isArray(pair) ? String(pair[1]) : undefined),
      () => undefined,
    );
    return Promise.race([asked, after(deadlineMs - performance.now()).then(() => undefined)]);
  }

  /** False, if it is not ready by then. */
  async ready(timeoutMs: number): Promise<boolean> {
    if (this.isReady) return true;
    const controller = new AbortController();
    const back = new Promise<void>((resolve) => this.#client.once('ready', resolve));
    await Promise.race([back, after(timeoutMs, controller.signal)]);
    controller.abort();
    return this.isReady;
  }

  close(): void {
    this.#client.disconnect();
  }

  async #timeout(deadlineMs: number, sent: Promise<unknown>): Promise<RedisAnswer> {
    const controller = new AbortController();
    void sent.then(() => controller.abort());
    await after(deadlineMs - performance.now(), controller.signal);
    return { kind: 'unknown', detail: 'no answer in time' };
  }

  #inTrouble(detail: string): void {
    if (this.#trouble === undefined) this.#logger.warn('Redis cannot be reached', { detail });
    this.#trouble = detail;
  }

  #isWellAgain(): void {
    if (this.#trouble !== undefined) this.#logger.info('Redis is there again');
    this.#trouble = undefined;
  }
}

/** A wait that keeps no process alive and ends early when nobody cares any more. */
function after(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.max(0, delayMs));
    timer.unref();
    signal?.addEventListener('abort', () => clearTimeout(timer), { once: true });
  });
}
