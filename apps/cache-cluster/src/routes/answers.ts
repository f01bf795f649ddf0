import { isProblem, type Answer, type Problem } from '@quorate/service-kit';
import type { Found } from '../lines/misses.ts';
import { problem } from '../problems.ts';
import type { WriteResult } from '../state-machine/commands.ts';
import { jsonType, type CacheValue } from '../state-machine/value.ts';

export type FoundValue = Extract<Found, { kind: 'value' }>;

/** Of the key's shard; what is left of a life is measured when the answer is written. */
export interface Clock {
  clockMs(): number;
}

/** What became of a read. */
export interface Looked {
  readonly found: Found | Problem;
  readonly clock: Clock;
}

const jsonHeaders = { 'content-type': 'application/json; charset=utf-8' };

export const noSuchKey = (key: string): Problem =>
  problem('not_found', `There is no key ${JSON.stringify(key)}.`);

export const mismatch = (current: number): Problem =>
  problem(
    'version_mismatch',
    current === 0 ? 'There is no such key.' : `The key has version ${current}.`,
    { current_version: current },
  );

export const full = (what: string): Problem =>
  problem('overloaded', `Nothing was written: ${what}.`);

/** What a write says to its caller, beside its being done. */
export function writeProblem(result: Exclude<WriteResult, { kind: 'written' }>): Problem {
  return result.kind === 'full' ? full(result.what) : mismatch(result.version);
}

export function foundAnswer(key: string, found: FoundValue, clock: Clock): Answer {
  return { status: 200, body: Buffer.concat(foundJson(key, found, clock)), headers: jsonHeaders };
}

/**
 * As the parts of a JSON text. A value is JSON text already and is put in as it stands: reading it
 * only to write it again would be the most expensive thing a hit does.
 */
function foundJson(key: string, found: FoundValue, clock: Clock): readonly Uint8Array[] {
  const { item, state, source } = found;
  const { type } = item.value;
  const isJson = type === jsonType;
  const isText = !isJson && isUtf8Text(type);
  let tail = `,"version":${item.version},"state":"${state}","source":"${source}"`;
  if (item.deadlineMs !== Infinity) {
    tail += `,"expires_in_ms":${Math.max(0, Math.round(item.deadlineMs - clock.clockMs()))}`;
  }
  if (!isJson) tail += `,"content_type":${JSON.stringify(type)}`;
  if (!isJson && !isText) tail += ',"encoding":"base64"';
  const val = isJson ? item.value.bytes : Buffer.from(valText(item.value, isText));
  return [Buffer.from(`{"key":${JSON.stringify(key)},"val":`), val, Buffer.from(`${tail}}`)];
}

function valText({ bytes }: CacheValue, isText: boolean): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return isText ? JSON.stringify(buffer.toString()) : `"${buffer.toString('base64')}"`;
}

/** Text that says it is UTF-8, or says nothing of it. */
function isUtf8Text(type: string): boolean {
  if (!/^text\//i.test(type)) return false;
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(type)?.[1];
  return charset === undefined || /^utf-?8$/i.test(charset);
}

/** One item of a batch, as it would have been answered alone, with its status inside. */
export function refusedItem(key: string, { status, code, detail, extra }: Problem): object {
  return { key, status, code, detail, ...extra };
}

export function foundItems(items: readonly (Looked & { readonly key: string })[]): Answer {
  const parts: Uint8Array[] = [Buffer.from('{"results":[')];
  for (const [i, { key, found, clock }] of items.entries()) {
    if (i > 0) parts.push(comma);
    if (!isProblem(found) && found.kind === 'value') parts.push(...foundJson(key, found, clock));
    else {
      const refused = isProblem(found) ? found : noSuchKey(key);
      parts.push(Buffer.from(JSON.stringify(refusedItem(key, refused))));
    }
  }
  parts.push(Buffer.from(']}'));
  return { status: 200, body: Buffer.concat(parts), headers: jsonHeaders };
}

const comma = Buffer.from(',');
