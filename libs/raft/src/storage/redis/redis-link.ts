import { Redis } from 'ioredis';
import type { OnStorageReport } from '../reports.ts';

/**
 * What came of one command. `unknown`: the connection went before the answer came, and Redis may
 * have carried the command out or not. Nothing is sent again here: whoever asked must find out.
 */
export type RedisAnswer =
  | { readonly kind: 'reply'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'unknown' };

export interface RedisLinkOptions {
  readonly url: string;
  /** A command without an answer for so long counts as unknown, and the connection as dead. */
  readonly replyTimeoutMs: number;
  readonly report: OnStorageReport;
}

const reconnectDelayMaxMs = 1_000;

/** One connection that comes back by itself, and never queues or repeats a command by itself. */
export class RedisLink {
  /** Called each time the connection is back, but not the first time. */
  onBack: () => void = () => undefined;
  private readonly redis: Redis;
  private readonly replyTimeoutMs: number;
  private waiters: ((ready: boolean) => void)[] = [];
  private up = false;
  private wasReady = false;
  private complaint: string | undefined;
  private closed = false;

  constructor({ url, replyTimeoutMs, report }: RedisLinkOptions) {
    this.replyTimeoutMs = replyTimeoutMs;
    this.redis = new Redis(url, {
      protocol: 2,
      lazyConnect: true,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (times) => Math.min(times * 50, reconnectDelayMaxMs),
    });
    this.redis.on('error', (failure: Error) => {
      if (this.complaint !== undefined || this.closed) return;
      this.complaint = failure.message;
      report({ kind: 'unreachable', detail: failure.message });
    });
    this.redis.on('close', () => {
      this.up = false;
    });
    this.redis.on('ready', () => {
      this.complaint = undefined;
      this.up = true;
      const back = this.wasReady;
      this.wasReady = true;
      for (const resolve of this.waiters.splice(0)) resolve(true);
      if (back) this.onBack();
    });
  }

  /** Rejects when Redis cannot be reached in that time; it may be starting together with us. */
  async connect(timeoutMs: number): Promise<void> {
    this.redis.connect().catch(() => undefined);
    const timer = setTimeout(() => this.close(), timeoutMs);
    const ready = await this.ready();
    clearTimeout(timer);
    if (!ready) throw new Error(`Redis did not answer within ${timeoutMs} ms: ${this.complaint}`);
  }

  get isReady(): boolean {
    return this.up && !this.closed;
  }

  /** Resolves to true once commands can be sent, and to false once the link is closed. */
  ready(): Promise<boolean> {
    if (this.closed) return Promise.resolve(false);
    if (this.isReady) return Promise.resolve(true);
    return new Promise((resolve) => this.waiters.push(resolve));
  }

  async call(command: string, ...parameters: (string | number | Buffer)[]): Promise<RedisAnswer> {
    const timer = setTimeout(() => this.redis.disconnect(true), this.replyTimeoutMs);
    try {
      return { kind: 'reply', value: await this.redis.callBuffer(command, ...parameters) };
    } catch (failure) {
      const { name, message } = failure as Error;
      if (name === 'ReplyError') return { kind: 'refused', message };
      this.goDown();
      return { kind: 'unknown' };
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * A connection that lost one answer is not used again. The client may call itself ready for a while
   * after its socket ended; asking it over and over in that while would never let the end be heard.
   */
  private goDown(): void {
    if (!this.up) return;
    this.up = false;
    if (!this.closed) this.redis.disconnect(true);
  }

  /** For a command that may be carried out twice without harm: repeated until it is answered. */
  async callUntilAnswered(
    command: string,
    ...parameters: (string | number | Buffer)[]
  ): Promise<Exclude<RedisAnswer, { kind: 'unknown' }>> {
    while (await this.ready()) {
      const answer = await this.call(command, ...parameters);
      if (answer.kind !== 'unknown') return answer;
    }
    return { kind: 'refused', message: 'the connection was closed' };
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const resolve of this.waiters.splice(0)) resolve(false);
    this.redis.disconnect();
  }
}

/** Replies come as Buffers, so that payloads stay bytes; this is for the parts that are text. */
export function textOf(value: unknown): string {
  if (Buffer.isBuffer(value)) return value.toString();
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
