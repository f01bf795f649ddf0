import { runSimulation } from '../raft-simulation/run-simulation.ts';

/** What a hunt prints: the first seed that fails, and how, or that none did. */
export type Quarry =
  | {
      readonly kind: 'found';
      readonly seed: number;
      readonly tried: number;
      readonly property: string;
      readonly message: string;
    }
  | { readonly kind: 'missed'; readonly tried: number };

/** Runs all of these seeds, and then others from `from` on, until one fails or the time is over. */
export function hunt(first: readonly number[], from: number, budgetMs: number): Quarry {
  const begunMs = performance.now();
  let tried = 0;
  for (;;) {
    const seed = first[tried] ?? from + tried - first.length;
    const result = runSimulation(seed);
    tried++;
    if (result.kind === 'failed') {
      const { property, message } = result.failure;
      return { kind: 'found', seed, tried, property, message };
    }
    if (tried < first.length) continue;
    if (performance.now() - begunMs > budgetMs) return { kind: 'missed', tried };
  }
}
