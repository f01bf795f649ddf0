import { join } from 'node:path';
import { ChaosCluster, describeReport, runStorm, violationsOf } from '@quorate/testkit';
import type { Fault } from '@quorate/testkit';
import { queueWorkload } from '../chaos/queue-workload.ts';

/**
 * A short storm: named faults, each for as long as the clients take to get something done in spite of
 * it. `npx nx chaos queue-cluster` is the long one, with faults drawn from a seed.
 */
describe('queues in a storm', () => {
  const faults: readonly Fault[] = [
    { kind: 'kill', victim: 'leader', forMs: 0 },
    { kind: 'pause', victim: 'anyone', forMs: 0 },
    { kind: 'restart-all', victim: 'anyone', forMs: 0 },
    { kind: 'isolate', victim: 'leader', forMs: 0 },
  ];

  it('account for every message while nodes are killed, paused, cut off and all are restarted', async () => {
    const seed = Math.floor(Math.random() * 1e9);
    const cluster = await ChaosCluster.start({ main: join(__dirname, '../src/main.ts') });
    try {
      const report = await runStorm({
        seed,
        cluster,
        workload: queueWorkload({ parked: 200 }),
        length: { kind: 'progress', faults, beats: 60, limitMs: 150_000 },
      });
      process.stdout.write(`${describeReport(report)}\n`);
      expect(violationsOf(report)).toEqual([]);
      expect(new Set(report.gaps.map(({ kind }) => kind))).toEqual(
        new Set(faults.map(({ kind }) => kind)),
      );
      expect(report.checks.map(({ name }) => name)).toContain(
        'a node killed with 200 parked consumers hides nothing and counts nothing',
      );
    } finally {
      await cluster.close();
    }
  }, 300_000);
});
