import type { ServerResponse } from 'node:http';
import { isProblem, problemBody, type Problem } from '../errors/problem.ts';
import type { Answer, Outcome } from '../routes/answer.ts';

const json = 'application/json; charset=utf-8';
const problemJson = 'application/problem+json';

/**
 * Node puts a string body behind the head and writes both as one; a Buffer goes as a second piece,
 * which costs a tenth of a small answer. Latin-1 is bytes as they are.
 */
const joinedBytesMax = 16 * 1024;

function latin1Of({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
}

/**
 * Writes the whole answer in one go: a flat list of headers and one `end`, which Node sends as one
 * segment.
 */
export function writeOutcome(response: ServerResponse, requestId: string, outcome: Outcome): void {
  if (isProblem(outcome)) writeProblem(response, requestId, outcome);
  else writeAnswer(response, requestId, outcome);
}

function writeProblem(response: ServerResponse, requestId: string, value: Problem): void {
  const text = JSON.stringify(problemBody(value));
  const headers = head(requestId, problemJson, Buffer.byteLength(text));
  if (value.retryAfterSeconds !== undefined) {
    headers.push('retry-after', String(value.retryAfterSeconds));
  }
  append(headers, value.headers);
  response.writeHead(value.status, headers);
  response.end(text);
}

function writeAnswer(response: ServerResponse, requestId: string, answer: Answer): void {
  const { body } = answer;
  if (body === undefined) {
    const headers = ['x-request-id', requestId];
    if (answer.status !== 204 && answer.status !== 304) headers.push('content-length', '0');
    append(headers, answer.headers);
    response.writeHead(answer.status, headers);
    response.end();
    return;
  }
  if (body instanceof Uint8Array) {
    const headers = ['x-request-id', requestId, 'content-length', String(body.byteLength)];
    append(headers, answer.headers);
    response.writeHead(answer.status, headers);
    if (body.byteLength > joinedBytesMax) response.end(body);
    else response.end(latin1Of(body), 'latin1');
    return;
  }
  const text = JSON.stringify(body);
  const headers = head(requestId, json, Buffer.byteLength(text));
  append(headers, answer.headers);
  response.writeHead(answer.status, headers);
  response.end(text);
}

function head(requestId: string, contentType: string, length: number): string[] {
  return ['x-request-id', requestId, 'content-type', contentType, 'content-length', String(length)];
}

function append(list: string[], headers: Readonly<Record<string, string>> | undefined): void {
  if (headers === undefined) return;
  for (const name in headers) list.push(name, headers[name]!);
}
