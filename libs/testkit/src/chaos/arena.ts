import type { Generator } from '../random/generator.ts';
import type { ChaosCluster } from './chaos-cluster.ts';
import { Pulse } from './pulse.ts';

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly node: string;
  /** When the request that was answered had been sent, and when its answer was here. */
  readonly sentMs: number;
  readonly receivedMs: number;
}

/**
 * - `answered`: something definite, good or bad.
 * - `refused`: whatever was tried certainly did nothing.
 * - `unknown`: one of the attempts may have taken effect, or may yet.
 */
export type Result =
  | { readonly kind: 'answered'; readonly answer: Answer; readonly attempts: number }
  | { readonly kind: 'refused' }
  | { readonly kind: 'unknown' };

export interface Insistence {
  /** One attempt is given up after this; the request itself lives on at the node. */
  readonly attemptMs?: number;
  readonly patienceMs?: number;
}

/** Says that it cannot now and has done nothing. */
const triedLater = new Set([429, 503, 507]);

/** What clients act in: the nodes by their addresses, one clock, and when it is over. */
export class Arena {
  readonly cluster: ChaosCluster;
  readonly random: Generator;
  readonly pulse = new Pulse();
  /** Answers that no client should ever see, such as 500. */
  readonly scandals: string[] = [];
  readonly statuses = new Map<string, number>();
  readonly limitMs: number;
  private over = false;

  constructor(cluster: ChaosCluster, random: Generator, limitMs: number) {
    this.cluster = cluster;
    this.random = random;
    this.limitMs = performance.now() + limitMs;
  }

  /** Once true, clients finish what they are at and go. */
  get isOver(): boolean {
    return this.over || performance.now() >= this.limitMs;
  }

  end(): void {
    this.over = true;
  }

  now(): number {
    return performance.now();
  }

  /** One attempt at one node; `undefined` when no answer came, whatever that means. */
  async tryOnce(
    node: string,
    path: string,
    body: object | undefined,
    attemptMs = 4_000,
  ): Promise<Answer | 'not-sent' | 'no-answer'> {
    const sentMs = this.now();
    try {
      const response = await fetch(`${this.cluster.processes.url(node)}${path}`, {
        ...(body === undefined
          ? {}
          : {
              method: 'POST',
              headers: { 'content-type': 'application/json' },
              body: JSON.stringify(body),
            }),
        signal: AbortSignal.timeout(attemptMs),
      });
      const answered = (await response.json()) as Answer['body'];
      const { status } = response;
      this.count(status, answered);
      return { status, body: answered, node, sentMs, receivedMs: this.now() };
    } catch (error) {
      this.tally('no answer');
      const { cause } = error as { cause?: { code?: string } };
      return cause?.code === 'ECONNREFUSED' ? 'not-sent' : 'no-answer';
    }
  }

  /**
   * Asks one node after another until one says something definite. The body is the same each time,
   * so it should carry a `request_id` if it changes anything.
   */
  async insist(
    path: string,
    body: object,
    { attemptMs = 4_000, patienceMs = 30_000 }: Insistence = {},
  ): Promise<Result> {
    const giveUpMs = Math.min(this.now() + patienceMs, this.limitMs + patienceMs);
    let mayHaveHappened = false;
    let node = this.random.pick(this.cluster.names);
    for (let attempts = 1; this.now() < giveUpMs; attempts++) {
      const answer = await this.tryOnce(node, path, body, attemptMs);
      if (typeof answer === 'object' && answer.status !== 504 && !triedLater.has(answer.status)) {
        return { kind: 'answered', answer, attempts };
      }
      if (answer === 'no-answer' || (typeof answer === 'object' && answer.status === 504)) {
        mayHaveHappened = true;
      }
      node = this.random.pick(this.cluster.names);
      await new Promise((resolve) => setTimeout(resolve, 20 + 10 * Math.min(attempts, 10)));
    }
    return { kind: mayHaveHappened ? 'unknown' : 'refused' };
  }

  private count(status: number, body: Answer['body']): void {
    const { code } = body as { code?: string };
    this.tally(code === undefined ? String(status) : `${status} ${code}`);
    const honest = status < 500 || [503, 504, 507].includes(status);
    if (!honest || code === 'invalid_request') {
      this.scandals.push(`${status} ${JSON.stringify(body)}`);
    }
  }

  private tally(what: string): void {
    this.statuses.set(what, (this.statuses.get(what) ?? 0) + 1);
  }
}
