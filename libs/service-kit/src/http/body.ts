import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { problem, type Problem } from '../errors/problem.ts';

export type BodyResult =
  { readonly kind: 'bytes'; readonly bytes: Buffer } | { readonly kind: 'too-large' };

const empty = Buffer.alloc(0);

export function hasBody(headers: IncomingHttpHeaders): boolean {
  const length = headers['content-length'];
  return (length !== undefined && length !== '0') || headers['transfer-encoding'] !== undefined;
}

/** What the head alone says against a body, so that nothing of it needs to be read. */
export function refuseByHead(
  headers: IncomingHttpHeaders,
  options: { readonly limitBytes: number; readonly json: boolean },
): Problem | undefined {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    return problem(
      'unsupported_media_type',
      `the content encoding ${quoted(encoding)} is not taken`,
    );
  }
  if (options.json && !isJson(headers['content-type'])) {
    const held = headers['content-type'];
    const sent = held === undefined ? 'has no content-type' : `was sent as ${quoted(held)}`;
    return problem(
      'unsupported_media_type',
      `the body ${sent}; send it with "content-type: application/json"`,
    );
  }
  if (Number(headers['content-length'] ?? 0) > options.limitBytes) {
    return tooLarge(options.limitBytes);
  }
  return undefined;
}

export function tooLarge(limitBytes: number): Problem {
  return problem('payload_too_large', `a request body may have at most ${limitBytes} bytes`);
}

function isJson(contentType: string | undefined): boolean {
  if (contentType === 'application/json') return true;
  return (
    contentType !== undefined &&
    /^application\/json\s*(?:;\s*charset="?utf-?8"?\s*)?;?\s*$/i.test(contentType)
  );
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}

/** Collects a body; most come in one chunk, which is then not copied. */
export function readBody(
  request: IncomingMessage,
  limitBytes: number,
  done: (result: BodyResult) => void,
): void {
  let first: Buffer | undefined;
  let chunks: Buffer[] | undefined;
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    if (length > limitBytes) return;
    length += chunk.length;
    if (length > limitBytes) {
      first = chunks = undefined;
      done({ kind: 'too-large' });
    } else if (first === undefined) first = chunk;
    else if (chunks === undefined) chunks = [first, chunk];
    else chunks.push(chunk);
  });
  request.on('end', () => {
    if (length > limitBytes) return;
    const bytes = chunks === undefined ? (first ?? empty) : Buffer.concat(chunks, length);
    done({ kind: 'bytes', bytes });
  });
}

/**
 * Reads on after a refusal, and throws away: a client that is still sending would otherwise have its
 * connection reset before it has read why. Who sends more than that is cut off.
 */
export function discardRest(request: IncomingMessage, bytesMax: number): void {
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > bytesMax) request.destroy();
  });
}

/** JSON is UTF-8 (RFC 8259 §8.1). Decoding anything else leniently would make different keys one. */
export function parseJson(bytes: Buffer): { readonly value: unknown } | Problem {
  if (bytes.length === 0) return { value: {} };
  if (!isUtf8(bytes)) return problem('invalid_request', 'the body is not valid UTF-8');
  try {
    return { value: JSON.parse(bytes.toString()) as unknown };
  } catch (error) {
    const why = error instanceof Error ? error.message : 'malformed';
    return problem('invalid_request', `the body is not valid JSON: ${why.slice(0, 200)}`);
  }
}
