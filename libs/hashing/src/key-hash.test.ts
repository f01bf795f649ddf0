import { keyHash } from './key-hash.ts';

describe('the hash of a key', () => {
  it.each([
    // Computed with xxhash-wasm, which is compiled from the reference implementation.
    ['', 0x02cc5d05],
    ['abc', 0x32d153ff],
    ['a', 0x550d7456],
    ['queue:orders', 0x79f537bf],
    ['a key of more than sixteen bytes takes the striped path', 0xe66f6d9d],
    ['schlüssel · ключ · 鍵 · 🔑', 0xfd41a686],
  ])('of %j never changes', (text, golden) => {
    expect(keyHash(text)).toBe(golden);
  });

  it('is an unsigned 32-bit number, and differs where one character differs', () => {
    const hashes = new Set<number>();
    for (let i = 0; i < 10_000; i++) {
      const hash = keyHash(`key-${i}`);
      expect(hash).toBe(hash >>> 0);
      hashes.add(hash);
    }
    // Ten thousand random 32-bit values collide about 0.01 times.
    expect(hashes.size).toBeGreaterThan(9_997);
  });
});
