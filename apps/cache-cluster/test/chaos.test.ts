import { join } from 'node:path';
import { ChaosCluster, describeReport, runStorm, violationsOf } from '@quorate/testkit';
import type { Fault } from '@quorate/testkit';
import { cacheWorkload } from '../chaos/cache-workload.ts';

/**
 * A short storm: named faults, each for as long as the clients take to get something done in spite of
 * it. `npx nx chaos cache-cluster` is the long one, with faults drawn from a seed.
 */
describe('the cache in a storm', () => {
  const faults: readonly Fault[] = [
    { kind: 'kill', victim: 'leader', forMs: 0 },
    { kind: 'pause', victim: 'anyone', forMs: 0 },
    { kind: 'restart-all', victim: 'anyone', forMs: 0 },
    { kind: 'isolate', victim: 'leader', forMs: 0 },
  ];

  it('answers nothing stale while nodes are killed, paused, cut off and all are restarted', async () => {
    const seed = Math.floor(Math.random() * 1e9);
    const cluster = await ChaosCluster.start({ main: join(__dirname, '../src/main.ts') });
    try {
      const report = await runStorm({
        seed,
        cluster,
        workload: cacheWorkload(),
        length: { kind: 'progress', faults, beats: 100, limitMs: 150_000 },
      });
      process.stdout.write(`${describeReport(report)}\n`);
      expect(violationsOf(report)).toEqual([]);
      expect(new Set(report.gaps.map(({ kind }) => kind))).toEqual(
        new Set(faults.map(({ kind }) => kind)),
      );
    } finally {
      await cluster.close();
    }
  }, 300_000);
});
