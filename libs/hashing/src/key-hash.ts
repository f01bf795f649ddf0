import { xxHash32 } from 'js-xxhash';

/**
 * The hash of every ring in every cluster: xxHash32 of the UTF-8 bytes, seed 0.
 *
 * Where a key lives follows from this value, so it may never change while any data lies where it
 * put it; `key-hash.test.ts` holds golden values. It is not a defence against chosen keys.
 */
export function keyHash(text: string): number {
  return xxHash32(text, 0);
}
