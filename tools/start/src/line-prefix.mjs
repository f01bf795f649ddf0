import { Transform } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** A line that never ends is passed on in pieces of this size instead of being collected. */
const lineCharsMax = 65_536;

/**
 * Puts a prefix before every line. Only whole lines are passed on, so that the lines of several
 * processes can share a stream, and a slow reader slows the writer instead of filling memory.
 *
 * @param {string} prefix
 */
export function prefixLines(prefix) {
  const decoder = new StringDecoder('utf8');
  let rest = '';

  return new Transform({
    decodeStrings: true,
    encoding: 'utf8',
    transform(/** @type {Buffer} */ chunk, _encoding, done) {
      const lines = (rest + decoder.write(chunk)).split(/\r?\n/);
      rest = lines.pop() ?? '';
      if (rest.length > lineCharsMax) {
        lines.push(rest);
        rest = '';
      }
      done(null, lines.map((line) => `${prefix}${line}\n`).join('') || undefined);
    },
    flush(done) {
      rest += decoder.end();
      done(null, rest === '' ? undefined : `${prefix}${rest}\n`);
    },
  });
}
