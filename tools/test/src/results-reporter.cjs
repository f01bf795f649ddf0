const { mkdirSync, renameSync, writeFileSync } = require('node:fs');
const { basename, dirname, join } = require('node:path');

/**
 * The part of what Jest tells its reporters that is read here.
 *
 * @typedef {{ readonly path: string }} TestFile
 * @typedef {{ readonly numPassingTests: number, readonly numFailingTests: number,
 *   readonly numPendingTests: number, readonly numTodoTests: number,
 *   readonly testExecError?: unknown }} Suite
 */

/**
 * Writes what a project's tests came to into a file of its own, in the folder that TEST_RESULTS_DIR
 * names. It is rewritten whenever a suite begins or ends, so that a run which hangs tells where.
 */
class ResultsReporter {
  /** @param {{ readonly rootDir: string }} globalConfig */
  constructor({ rootDir }) {
    const directory = process.env['TEST_RESULTS_DIR'] ?? '';
    const project = `${basename(dirname(rootDir))}/${basename(rootDir)}`;
    mkdirSync(directory, { recursive: true });
    this.path = join(directory, `${project.replace('/', '-')}-${String(process.pid)}.json`);
    const { pid } = process;
    /** @type {import('./results.mjs').ProjectResults} */
    this.results = {
      ...{ project, pid, passed: 0, failed: 0, skipped: 0 },
      ...{ running: [], complete: false, ended: false },
    };
    this.write();
    process.once('exit', () => {
      this.results.ended = true;
      this.write();
    });
  }

  /** @param {TestFile} test */
  onTestFileStart(test) {
    this.results.running = [...this.results.running, test.path];
    this.write();
  }

  /**
   * @param {TestFile} test
   * @param {Suite} suite
   */
  onTestFileResult(test, suite) {
    const { results } = this;
    // A suite that could not even be loaded has no failing test, and is a failure all the same.
    const broken = suite.testExecError !== undefined && suite.testExecError !== null;
    results.running = results.running.filter((path) => path !== test.path);
    results.passed += suite.numPassingTests;
    results.skipped += suite.numPendingTests + suite.numTodoTests;
    results.failed += broken ? Math.max(1, suite.numFailingTests) : suite.numFailingTests;
    this.write();
  }

  onRunComplete() {
    this.results.complete = true;
    this.write();
  }

  /** A reader sees either the old file or the new one, never half of one. */
  write() {
    writeFileSync(`${this.path}.part`, JSON.stringify(this.results));
    renameSync(`${this.path}.part`, this.path);
  }
}

module.exports = ResultsReporter;
