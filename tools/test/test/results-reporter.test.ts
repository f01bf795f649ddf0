import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ResultsReporter from '../src/results-reporter.cjs';
import { readResults } from '../src/results.mjs';

const suite = { numPassingTests: 2, numFailingTests: 1, numPendingTests: 1, numTodoTests: 1 };

describe('what a project reports', () => {
  let folder: string;
  const before = process.env['TEST_RESULTS_DIR'];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'quorate-results-'));
    process.env['TEST_RESULTS_DIR'] = folder;
  });
  afterEach(async () => {
    if (before === undefined) delete process.env['TEST_RESULTS_DIR'];
    else process.env['TEST_RESULTS_DIR'] = before;
    await rm(folder, { recursive: true });
  });

  it('is the sum of its suites', async () => {
    const reporter = new ResultsReporter({ rootDir: '/somewhere/libs/raft' });
    for (const path of ['a.test.ts', 'b.test.ts']) {
      reporter.onTestFileStart({ path });
      reporter.onTestFileResult({ path }, suite);
    }
    reporter.onRunComplete();
    expect(await readResults(folder)).toEqual([
      {
        ...{ project: 'libs/raft', pid: process.pid, passed: 4, failed: 2, skipped: 4 },
        ...{ running: [], complete: true, ended: false },
      },
    ]);
    expect(await readdir(folder)).toHaveLength(1);
  });

  it('names the suites that are running while it is not complete', async () => {
    const reporter = new ResultsReporter({ rootDir: '/somewhere/libs/raft' });
    reporter.onTestFileStart({ path: 'wal.test.ts' });
    expect(await readResults(folder)).toEqual([
      expect.objectContaining({ running: ['wal.test.ts'], complete: false }),
    ]);
  });

  it('counts a suite that could not be loaded as a failure', async () => {
    const reporter = new ResultsReporter({ rootDir: '/somewhere/libs/raft' });
    const path = 'broken.test.ts';
    const none = { numPassingTests: 0, numFailingTests: 0, numPendingTests: 0, numTodoTests: 0 };
    reporter.onTestFileStart({ path });
    reporter.onTestFileResult({ path }, { ...none, testExecError: new Error('no such module') });
    expect((await readResults(folder))[0]).toMatchObject({ passed: 0, failed: 1 });
  });
});
