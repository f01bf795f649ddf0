import { fileURLToPath } from 'node:url';
import { runTests } from './run-tests.mjs';
import { refuseOldNode } from './setup.mjs';

/** `npm test`: installs, finds a Redis and runs the tests of all projects, or of those named. */

const refusal = refuseOldNode(process.versions.node);
if (refusal === undefined) {
  process.exitCode = await runTests({
    root: fileURLToPath(new URL('../../../', import.meta.url)),
    words: process.argv.slice(2),
    env: process.env,
  });
} else {
  console.error(refusal);
  process.exitCode = 2;
}
