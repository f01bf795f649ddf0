import { isUtf8 } from 'node:buffer';
import { jsonValue, type Problem } from '@quorate/service-kit';
import { problem } from '../problems.ts';
import { jsonType, type CacheValue } from '../state-machine/value.ts';

const anyBytes = 'application/octet-stream';
const typeCharactersMax = 255;
const mediaType = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:\s*;[\t\x20-\x7e]*)?$/;
const json = /^application\/json\s*(?:;\s*charset="?utf-?8"?\s*)?;?\s*$/i;
const jsonOfSomeDepth = jsonValue('');

/**
 * A body with the type that it came with. What says that it is JSON must be: the JSON routes put it
 * into their answers as it stands.
 */
export function valueOfBody(type: string | undefined, bytes: Buffer): CacheValue | Problem {
  if (type === undefined || type.trim() === '') return { type: anyBytes, bytes };
  if (type.length > typeCharactersMax || !mediaType.test(type)) {
    return problem('invalid_request', 'Content-Type: takes a media type such as image/png.');
  }
  if (!json.test(type)) return { type, bytes };
  if (isJson(bytes)) return { type: jsonType, bytes };
  return problem(
    'invalid_request',
    'The body was sent as JSON and is none, or is nested too deep.',
  );
}

function isJson(bytes: Buffer): boolean {
  if (!isUtf8(bytes)) return false;
  try {
    return jsonOfSomeDepth.safeParse(JSON.parse(bytes.toString())).success;
  } catch {
    return false;
  }
}
