import { RandomCluster } from './testing/random-cluster.ts';

const firstSeed = Number(process.env['SEED'] ?? 1);
const seeds = Number(process.env['SEEDS'] ?? 40);

describe('a cluster of cores under random faults', () => {
  it.each(Array.from({ length: seeds }, (_, i) => firstSeed + i))(
    'keeps every promise and gets going again (SEED=%i)',
    (seed) => {
      const cluster = new RandomCluster({
        seed,
        nodes: 1 + (seed % 5),
        learners: seed % 7 === 3 ? Math.min(1, seed % 5) : 0,
        localReads: undefined,
      });
      cluster.run(3_000);
      cluster.heal(5_000);
      expect(cluster.maxCommit).toBeGreaterThan(0);
    },
  );
});
