import type { IncomingHttpHeaders } from 'node:http';
import type { Problem } from '../errors/problem.ts';
import type { Logger } from '../logging/logger.ts';

/**
 * What a handler answers. A plain value is sent as JSON; a Buffer is sent as it is, with the
 * content type its headers name; no body at all is for 204 and 304.
 */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Outcome = Answer | Problem;

/** What a handler may know of its request beside the checked input. */
export interface Context {
  readonly requestId: string;
  /** The name of the bearer token, or `anonymous` where no tokens are set. */
  readonly caller: string;
  readonly headers: IncomingHttpHeaders;
  /** Speaks with this request's id; made on first use. */
  readonly logger: Logger;
  /** Monotonic milliseconds (`performance.now()`) by which the answer must be written. */
  readonly deadlineMs: number;
  /**
   * Aborted when the client is gone, the deadline has passed or the service stops. It is made on first
   * use, so reading it costs only the handlers that wait.
   */
  readonly signal: AbortSignal;
  /**
   * Declares that this request now waits for something other than work (a lock, a message). It then
   * counts against the bound of parked requests and no longer against those at work, and may take
   * `waitMs` longer. Answers a problem if too many are parked; the handler returns it.
   */
  park(waitMs: number): Problem | undefined;
}
