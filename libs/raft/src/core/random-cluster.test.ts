import { RandomCluster } from './testing/random-cluster.ts';

/** `SEED=17 SEEDS=1` replays one run exactly; `SEEDS=5000` looks further. */
const firstSeed = Number(process.env['SEED'] ?? 1);
const seeds = Number(process.env['SEEDS'] ?? 60);
const eachSeed = Array.from({ length: seeds }, (_, i) => firstSeed + i);

const shortLeases = {
  leaseMs: 120,
  driftMs: 5,
  lagMaxMs: 20,
  readmitMinMs: 100,
  readmitMaxMs: 1_000,
};

function clusterOf(seed: number, localReads: typeof shortLeases | undefined): RandomCluster {
  const nodes = 1 + (seed % 5);
  const learners = nodes > 2 && seed % 3 === 0 ? 1 : 0;
  return new RandomCluster({ seed, nodes, learners, localReads });
}

describe('a cluster of cores under random faults', () => {
  it.each(eachSeed)('keeps every promise and gets going again (SEED=%i)', (seed) => {
    const cluster = clusterOf(seed, undefined);
    cluster.run(3_000);
    cluster.heal(5_000);
    expect(cluster.maxCommit).toBeGreaterThan(0);
  });

  it.each(eachSeed)('serves no local read that misses a settled entry (SEED=%i)', (seed) => {
    const cluster = clusterOf(seed, shortLeases);
    cluster.run(3_000);
    cluster.heal(5_000);
    expect(cluster.maxSettled).toBeGreaterThan(0);
  });
});
