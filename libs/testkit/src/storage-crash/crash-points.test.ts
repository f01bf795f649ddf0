import { CrashRun } from './crash-run.ts';
import { LogHistory } from './log-history.ts';
import { workloads } from './workloads.ts';

/** Fresh each time; CRASH_SEED replays a failure that printed it. */
const baseSeed = process.env['CRASH_SEED'] ?? String(Date.now());
const seedsPerPoint = Number(process.env['CRASH_SEEDS_PER_POINT'] ?? 3);

describe(`the file store, when a crash comes at any operation (CRASH_SEED=${baseSeed})`, () => {
  it.each(Object.entries(workloads))(
    'keeps what it acknowledged and stays consistent: %s',
    async (name, workload) => {
      let torn = 0;
      let crashes = 0;
      for (let seed = 0; seed < seedsPerPoint; seed++) {
        for (let point = 1, finished = false; !finished; point++) {
          const run = new CrashRun(`${baseSeed} ${name} ${seed} ${point}`);
          try {
            finished = await crashAt(run, point, workload);
          } catch (failure) {
            const where = `CRASH_SEED=${baseSeed}, ${name}, seed ${seed}, operation ${point}`;
            throw new Error(where, { cause: failure });
          }
          crashes++;
          torn += run.reports.filter(({ kind }) => kind === 'torn-tail-cut').length;
          expect(run.reports.filter(({ kind }) => kind !== 'torn-tail-cut')).toEqual([]);
        }
      }
      // The faults were really there: hundreds of crashes, and some of them in the middle of a frame.
      expect(crashes).toBeGreaterThan(50 * seedsPerPoint);
      expect(torn).toBeGreaterThan(0);
    },
    120_000,
  );
});

/** True when the workload came to its end before that operation. */
async function crashAt(
  run: CrashRun,
  operation: number,
  workload: (log: LogHistory) => Promise<unknown>,
): Promise<boolean> {
  let log: LogHistory | undefined;
  const finished = await run.upToCrash(operation, async () => {
    const store = await run.open();
    log = new LogHistory(store, await store.load());
    await workload(log);
  });
  if (finished) run.disk.losePower();
  const { found } = await run.recover();
  log?.check(found);
  const { store } = await run.checkStaysAsLoaded(found);
  await run.checkGoesOn(store, found);
  return finished;
}
