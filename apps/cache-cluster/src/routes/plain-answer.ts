import { isProblem, type Outcome } from '@quorate/service-kit';
import { mismatch, noSuchKey, type Looked } from './answers.ts';
import { matchesStrongly, matchesWeakly, tagOf } from './entity-tags.ts';
import type { Preconditions } from './preconditions.ts';

/**
 * Whoever stored the bytes may have stored a page with a script in it. Served from this origin it
 * must be able to do nothing, and must not be taken for anything but what it says it is.
 */
const harmless = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; sandbox",
};

export function plainAnswer(
  key: string,
  { found, clock }: Looked,
  { ifMatch, ifNoneMatch }: Preconditions,
): Outcome {
  if (isProblem(found)) return found;
  if (found.kind === 'absent') return ifMatch === undefined ? noSuchKey(key) : mismatch(0);
  const { item, state, source } = found;
  const { version } = item;
  if (ifMatch !== undefined && !matchesStrongly(ifMatch, version)) return mismatch(version);
  const headers = {
    etag: tagOf(version),
    // To be kept by whoever likes, and asked for again each time: that is what the tag is for.
    'cache-control': 'no-cache',
    age: String(Math.max(0, Math.floor((clock.clockMs() - item.writtenAtMs) / 1_000))),
    // RFC 9211; the detail is the state of this node's line.
    'cache-status': `quorate; ${source === 'cache' ? 'hit' : 'fwd=miss'}; detail=${state}`,
    ...harmless,
  };
  if (ifNoneMatch !== undefined && matchesWeakly(ifNoneMatch, version)) {
    return { status: 304, headers };
  }
  const { type, bytes } = item.value;
  return { status: 200, body: bytes, headers: { 'content-type': type, ...headers } };
}
