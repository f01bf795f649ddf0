import { createHash } from 'node:crypto';
import type { RequestRef } from '@quorate/raft';

export interface RequestOf {
  readonly route: string;
  readonly body: object;
  /** Whose ids these are: the client or consumer the request names, else its token. */
  readonly scope: string;
  readonly requestId: string | undefined;
}

/** How a repeated request is known again; nothing when the caller gave it no id. */
export function requestRef({ route, body, scope, requestId }: RequestOf): { request?: RequestRef } {
  if (requestId === undefined) return {};
  const fingerprint = createHash('sha256').update(route).update(JSON.stringify(body));
  return { request: { scope, id: requestId, fingerprint: fingerprint.digest('base64url') } };
}
