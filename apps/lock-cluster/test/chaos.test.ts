import { join } from 'node:path';
import { ChaosCluster, describeReport, runStorm, violationsOf } from '@quorate/testkit';
import type { Fault } from '@quorate/testkit';
import { lockWorkload } from '../chaos/lock-workload.ts';

/**
 * A short storm: named faults, each for as long as the clients take to get something done in spite of
 * it. `npx nx chaos lock-cluster` is the long one, with faults drawn from a seed.
 */
describe('locks in a storm', () => {
  const faults: readonly Fault[] = [
    { kind: 'kill', victim: 'leader', forMs: 0 },
    { kind: 'pause', victim: 'leader', forMs: 0 },
    { kind: 'isolate', victim: 'leader', forMs: 0 },
    { kind: 'mute', victim: 'leader', forMs: 0 },
    { kind: 'restart-all', victim: 'anyone', forMs: 0 },
  ];

  it('keep every promise while their leader is killed, paused, cut off and all are restarted', async () => {
    const seed = Math.floor(Math.random() * 1e9);
    const cluster = await ChaosCluster.start({ main: join(__dirname, '../src/main.ts') });
    try {
      const report = await runStorm({
        seed,
        cluster,
        workload: lockWorkload(),
        length: { kind: 'progress', faults, beats: 40, limitMs: 150_000 },
      });
      process.stdout.write(`${describeReport(report)}\n`);
      expect(violationsOf(report)).toEqual([]);
      expect(report.gaps.map(({ kind }) => kind).sort()).toEqual(
        faults.map(({ kind }) => kind).sort(),
      );
    } finally {
      await cluster.close();
    }
  }, 300_000);
});
