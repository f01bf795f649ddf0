import { performance } from 'node:perf_hooks';
import type { ProposeOptions } from '@quorate/raft';
import { requestRef, type Context, type Outcome } from '@quorate/service-kit';
import type { LockConfig } from '../config.ts';
import type { LockService } from '../lock-service.ts';
import type { AcquireResult, LockMetrics } from '../metrics.ts';
import { problem } from '../problems.ts';

/** What every route has at hand. */
export interface Desk {
  readonly locks: LockService;
  readonly config: LockConfig;
  readonly metrics: LockMetrics;
}

interface Body {
  readonly client_id?: string | undefined;
  readonly request_id?: string | undefined;
}

/** How a route's command is proposed: by when, and known again by which id. */
export function optionsFor(route: string, body: Body, context: Context): ProposeOptions {
  const { deadlineMs } = context;
  if (body.request_id === undefined) return { deadlineMs };
  const scope = body.client_id ?? context.caller;
  return { deadlineMs, ...requestRef({ route, body, scope, requestId: body.request_id }) };
}

/** Longer waits and leases than the service allows are refused, not cut short in silence. */
export function tooLong(
  { config }: Desk,
  asked: { readonly wait_ms?: number | undefined; readonly ttl_ms?: number | undefined },
): Outcome | undefined {
  const { waitMaxMs, ttlMaxMs } = config;
  if ((asked.wait_ms ?? 0) > waitMaxMs) {
    return problem('invalid_request', `wait_ms: takes at most ${waitMaxMs}`);
  }
  if ((asked.ttl_ms ?? 0) > ttlMaxMs) {
    return problem('invalid_request', `ttl_ms: takes at most ${ttlMaxMs}`);
  }
  return undefined;
}

const results: Readonly<Record<string, AcquireResult>> = {
  lock_held: 'held',
  wait_timeout: 'timeout',
  wait_cancelled: 'cancelled',
  deadlock: 'deadlock',
};

/** Counts what an acquire or a conversion came to. */
export async function counted({ metrics }: Desk, answer: () => Promise<Outcome>): Promise<Outcome> {
  const startMs = performance.now();
  const outcome = await answer();
  const result =
    'code' in outcome
      ? (results[outcome.code] ?? 'refused')
      : outcome.status === 202
        ? 'queued'
        : 'granted';
  metrics.acquired(result, performance.now() - startMs);
  return outcome;
}
