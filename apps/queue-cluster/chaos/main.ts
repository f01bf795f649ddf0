import { join } from 'node:path';
import { chaosMain } from '@quorate/testkit';
import { queueWorkload } from './queue-workload.ts';

const isGood = await chaosMain(
  {
    name: 'queue-cluster',
    prepare: () =>
      Promise.resolve({
        cluster: { main: join(import.meta.dirname, '../src/main.ts') },
        workload: queueWorkload({ parked: 1_000 }),
      }),
  },
  process.argv.slice(2),
);
// Not left to an empty event loop: Node 24 was seen to spin for ever in the clean-up that follows one.
process.exit(isGood ? 0 : 1);
