/**
 * Short digests for comparing what nodes hold. Not for security: a simulation compares millions of
 * them, and a bug does not choose its bytes.
 */
export const digestStart = 0x811c9dc5 | 0;

export function digestBytes(digest: number, bytes: Uint8Array): number {
  let hash = digest ^ bytes.length;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 16777619);
  return finish(hash);
}

export function digestText(digest: number, text: string): number {
  let hash = digest ^ text.length;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 16777619);
  return finish(hash);
}

const scratch = new Float64Array(1);
const words = new Int32Array(scratch.buffer);

export function digestNumber(digest: number, value: number): number {
  scratch[0] = value;
  return finish(Math.imul(Math.imul(digest ^ words[0]!, 16777619) ^ words[1]!, 16777619));
}

/** FNV leaves the high bits of short inputs poor; one round of mixing spreads them. */
function finish(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 2246822507);
  return mixed ^ (mixed >>> 13);
}
