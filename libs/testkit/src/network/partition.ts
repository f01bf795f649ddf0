import type { Generator } from '../random/generator.ts';

/** One direction between two nodes. */
export interface Direction {
  readonly from: string;
  readonly to: string;
}

export type PartitionShape =
  'halves' | 'one-way-halves' | 'isolated' | 'deaf' | 'mute' | 'ring' | 'bridge' | 'random-links';

export const partitionShapes: readonly PartitionShape[] = [
  'halves',
  'one-way-halves',
  'isolated',
  'deaf',
  'mute',
  'ring',
  'bridge',
  'random-links',
];

/**
 * The directions that a partition of this shape cuts.
 *
 * - `halves`: two groups that do not hear each other; `one-way-halves`: only one hears the other.
 * - `isolated`: one node hears nobody and is heard by nobody; `deaf`: it hears nobody, but all hear
 *   it; `mute`: the reverse.
 * - `ring`: each node hears only its two neighbours, so that no two far nodes agree on who is alive.
 * - `bridge`: two halves that meet only in one node, which hears everybody.
 */
export function drawPartition(
  random: Generator,
  nodes: readonly string[],
  shape: PartitionShape,
): Direction[] {
  const order = random.shuffle(nodes);
  const one = order[0]!;
  const all = order.flatMap((from) =>
    order.filter((to) => to !== from).map((to): Direction => ({ from, to })),
  );
  const half = random.integer(1, Math.max(1, order.length - 1));
  const isLeft = (node: string): boolean => order.indexOf(node) < half;
  switch (shape) {
    case 'halves':
      return all.filter(({ from, to }) => isLeft(from) !== isLeft(to));
    case 'one-way-halves':
      return all.filter(({ from, to }) => isLeft(from) && !isLeft(to));
    case 'isolated':
      return all.filter(({ from, to }) => from === one || to === one);
    case 'deaf':
      return all.filter(({ to }) => to === one);
    case 'mute':
      return all.filter(({ from }) => from === one);
    case 'ring':
      return all.filter(({ from, to }) => {
        const apart = Math.abs(order.indexOf(from) - order.indexOf(to));
        return apart > 1 && apart < order.length - 1;
      });
    case 'bridge':
      return all.filter(({ from, to }) => {
        const middle = order[half - 1];
        return from !== middle && to !== middle && isLeft(from) !== isLeft(to);
      });
    case 'random-links':
      return all.filter(() => random.chance(0.4));
  }
}
