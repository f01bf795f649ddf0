import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProjectTests } from './nx-run.mjs';
import { endLingering } from './lingering.mjs';
import { resolveProjects } from './projects.mjs';
import { findRedis } from './redis.mjs';
import { addUp, formatProjects, formatSum, readResults } from './results.mjs';
import {
  CommandError,
  createPaint,
  createSteps,
  ensureInstalled,
  formatSeconds,
  wantsColour,
} from './setup.mjs';

/** All tests together take well under half of this; a run that reaches it hangs. */
const timeoutDefaultMs = 15 * 60_000;

/** How long a project's process may go on after its last test. */
const lingerDefaultMs = 30_000;

const output = process.stdout;

/** @param {string} line */
const say = (line) => {
  output.write(`${line}\n`);
};

/**
 * Runs `npm test` to its end; the last line is the sum.
 *
 * @param {{ root: string, words: readonly string[], env: NodeJS.ProcessEnv }} options `words` name
 *   projects; none means all
 * @returns {Promise<number>} the exit code
 */
export async function runTests({ root, words, env }) {
  const { names, unknown } = resolveProjects(root, words);
  if (unknown.length > 0) {
    process.stderr.write(`There is no project ${unknown.map((word) => `"${word}"`).join(', ')}.\n`);
    return 2;
  }
  const paint = createPaint(wantsColour(output, env));
  const steps = createSteps({ output, paint });
  try {
    await ensureInstalled({ root, steps, env });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    process.stderr.write(`${error.output.trimEnd()}\n${error.message}\n`);
    return 1;
  }

  const redis = await findRedis({ root, env, steps });
  const resultsFolder = await mkdtemp(join(tmpdir(), 'quorate-results-'));
  const startMs = performance.now();
  try {
    const missing = announceRedis(redis, env, paint);
    const lingerMs = Number(env['TEST_LINGER_MS'] ?? lingerDefaultMs);
    const stopWatching = endLingering(resultsFolder, lingerMs);
    const outcome = await runProjectTests({
      root,
      projects: names,
      env: {
        ...env,
        // Nx turns colours on for what it runs, also where nobody sees them as such. Only this word
        // keeps it from that: it takes a 0 for its own output alone.
        FORCE_COLOR: wantsColour(output, env) ? 'true' : 'false',
        TEST_RESULTS_DIR: resultsFolder,
        TEST_REDIS_URL: redis.url,
        TEST_REDIS_SERVER: redis.server,
      },
      timeoutMs: Number(env['TEST_TIMEOUT_MS'] ?? timeoutDefaultMs),
    });
    stopWatching();
    const results = await readResults(resultsFolder);
    const sum = addUp(results, outcome === 'passed' && !missing);
    say(`\n${formatProjects(results)}\n`);
    for (const { project, running } of sum.brokenOff) {
      say(paint('red', `✘ ${project} broke off during: ${running.join(', ') || 'no test'}`));
    }
    for (const { project } of sum.lingering) {
      say(paint('red', `✘ ${project} did not end after its tests: something they began goes on`));
    }
    if (outcome === 'timed out' || outcome === 'interrupted') say(`The run ${outcome}.`);
    if (missing) say(paint('red', '✘ Under CI the tests that need Redis have to run.'));
    say(paint('dim', `in ${formatSeconds(performance.now() - startMs)}`));
    say(formatSum(sum));
    return sum.failed === 0 ? 0 : 1;
  } finally {
    await redis.stop();
    await rm(resultsFolder, { recursive: true, force: true });
  }
}

/**
 * @param {import('./redis.mjs').Redis} redis
 * @param {NodeJS.ProcessEnv} env
 * @param {import('./setup.mjs').Paint} paint
 * @returns {boolean} whether a Redis is missing where there has to be one
 */
function announceRedis(redis, env, paint) {
  const named = env['REDIS_URL'];
  if (named !== undefined && named !== '' && redis.from !== 'REDIS_URL') {
    say(paint('yellow', '! No Redis answers at REDIS_URL, so it is not used.'));
  }
  if (redis.url !== undefined) {
    say(`  Redis for the tests: ${redis.from}`);
    return false;
  }
  const how = 'set REDIS_URL or put redis-server on the PATH';
  say(paint('yellow', `! NO REDIS: the tests that need one are SKIPPED; to run them, ${how}.`));
  return env['CI'] !== undefined && env['CI'] !== '' && env['CI'] !== 'false';
}
