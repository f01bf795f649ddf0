/**
 * What one look-up costs, and that it grows with the logarithm of the ring:
 * `npx node libs/hashing/bench/lookup.ts`.
 */
import { createRing, keyHash, ownerOf, ownersOf } from '../src/index.ts';

const keys = Array.from({ length: 200_000 }, (_, i) => `session:${i}`);
const rounds = 5;

/** The best of several rounds: on a shared machine the fastest is the one least disturbed. */
function nanosecondsPerKey(run: (key: string) => unknown): number {
  let best = Infinity;
  for (let round = 0; round < rounds; round++) {
    const startMs = performance.now();
    for (const key of keys) {
      run(key);
    }
    best = Math.min(best, ((performance.now() - startMs) * 1e6) / keys.length);
  }
  return best;
}

const rows = [1, 3, 10, 100, 1_000].map((size) => {
  const startMs = performance.now();
  const ring = createRing(Array.from({ length: size }, (_, i) => `member-${i}`));
  const buildMs = performance.now() - startMs;
  return {
    members: size,
    points: ring.points.length,
    'build ms': Number(buildMs.toFixed(1)),
    'ownerOf ns': Math.round(nanosecondsPerKey((key) => ownerOf(ring, key))),
    'ownersOf(3) ns': Math.round(nanosecondsPerKey((key) => ownersOf(ring, key, 3))),
  };
});

process.stdout.write(`hash alone: ${Math.round(nanosecondsPerKey(keyHash))} ns a key\n`);
for (const row of rows) {
  process.stdout.write(`${JSON.stringify(row)}\n`);
}
