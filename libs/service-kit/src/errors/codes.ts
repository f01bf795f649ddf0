import type { z } from 'zod';

/** One code of the closed table: the status it is answered with and the sentence a person reads. */
export interface CodeEntry {
  readonly status: number;
  readonly title: string;
  /** Seconds in `Retry-After`; only where repeating the same request later can help. */
  readonly retryAfterSeconds?: number;
  /** Further members of the answer, such as the `holders` of a lock. */
  readonly extra?: z.ZodObject;
}

export type CodeTable = Readonly<Record<string, CodeEntry>>;

/** Codes that every service answers with. Clients branch on them, so none is ever renamed. */
export const commonCodes = {
  invalid_request: { status: 400, title: 'The request is not valid' },
  unauthenticated: { status: 401, title: 'A valid token is required' },
  forbidden: { status: 403, title: 'This token may not do that' },
  not_found: { status: 404, title: 'There is no such thing here' },
  method_not_allowed: { status: 405, title: 'This path does not take that method' },
  request_timeout: { status: 408, title: 'The request did not arrive in time' },
  request_id_reused: {
    status: 409,
    title: 'This request_id belongs to a different request',
  },
  payload_too_large: { status: 413, title: 'The request body is too large' },
  unsupported_media_type: { status: 415, title: 'The body must be sent as application/json' },
  overloaded: {
    status: 429,
    title: 'There is more to do than this node takes on',
    retryAfterSeconds: 1,
  },
  internal: { status: 500, title: 'Something is broken on this node' },
  no_leader: {
    status: 503,
    title: 'There is no leader at the moment; nothing was changed',
    retryAfterSeconds: 1,
  },
  stopping: {
    status: 503,
    title: 'This node is stopping; nothing was changed',
    retryAfterSeconds: 1,
  },
  outcome_unknown: {
    status: 504,
    title: 'Whether the request took effect is not known; repeat it with the same request_id',
  },
  deadline_exceeded: {
    status: 504,
    title: 'The answer was not ready in time; nothing was changed',
  },
  storage_full: { status: 507, title: 'There is no room to keep this' },
} as const satisfies CodeTable;

export type CommonCode = keyof typeof commonCodes;
