import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * @typedef {object} ProjectResults
 * @property {string} project
 * @property {number} pid the process that runs its tests
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {readonly string[]} running the suites that had begun and not ended
 * @property {boolean} complete all suites have ended
 * @property {boolean} ended the process has ended by itself
 */

/**
 * @param {string} directory
 * @returns {Promise<readonly ProjectResults[]>}
 */
export async function readResults(directory) {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.json')).sort();
  return await Promise.all(
    names.map(async (name) => JSON.parse(await readFile(join(directory, name), 'utf8'))),
  );
}

/**
 * Adds the projects up. A project that broke off, or whose process did not end by itself after its
 * tests, counts as one more failure, and so does a run that failed although every test that was
 * counted passed: nothing that went wrong may look green.
 *
 * @param {readonly ProjectResults[]} results
 * @param {boolean} succeeded whether the run itself ended well
 */
export function addUp(results, succeeded) {
  const brokenOff = results.filter(({ complete }) => !complete);
  const lingering = results.filter(({ complete, ended }) => complete && !ended);
  /** @param {'passed' | 'failed' | 'skipped'} what */
  const sum = (what) => results.reduce((total, one) => total + one[what], 0);
  const failed = sum('failed') + brokenOff.length + lingering.length;
  return {
    passed: sum('passed'),
    failed: failed === 0 && !succeeded ? 1 : failed,
    skipped: sum('skipped'),
    brokenOff,
    lingering,
  };
}

/** @param {{ passed: number, failed: number, skipped: number }} sum */
export const formatSum = ({ passed, failed, skipped }) =>
  `${String(passed)} passed, ${String(failed)} failed, ${String(skipped)} skipped`;

/** @param {readonly ProjectResults[]} results */
export function formatProjects(results) {
  const width = Math.max(0, ...results.map(({ project }) => project.length));
  return results.map((one) => `  ${one.project.padEnd(width)}  ${formatSum(one)}`).join('\n');
}
