import type { Logger } from '../logging/logger.ts';
import type { RouteRecorder } from '../metrics/http-metrics.ts';
import type { Route } from '../routes/route.ts';
import type { Authenticator } from './auth.ts';
import type { Exchange } from './exchange.ts';
import type { Gate } from './gate.ts';
import type { Limits } from './limits.ts';

/** What all exchanges of one service share. */
export interface Host {
  readonly gate: Gate;
  readonly limits: Limits;
  readonly authenticator: Authenticator;
  readonly logger: Logger;
  /** Read once: asking winston for its level costs more than many a handler. */
  readonly logsRequests: boolean;
  /** Everything unanswered; one sweep looks after all deadlines, so no request needs a timer. */
  readonly open: Set<Exchange>;
  stopping: boolean;
  nowMs(): number;
  requestId(given: string | string[] | undefined): string;
  onBrokenInvariant(error: unknown): void;
}

/** A route and what it has answered so far. */
export interface MountedRoute {
  readonly route: Route;
  readonly recorder: RouteRecorder;
}
