import { fileURLToPath } from 'node:url';
import { launch } from './launch.mjs';
import { refuseOldNode } from './setup.mjs';

/** `npm start`: installs, builds and runs the clusters on this machine. See `--help`. */

const refusal = refuseOldNode(process.versions.node);
if (refusal === undefined) {
  process.exitCode = await launch({
    root: fileURLToPath(new URL('../../../', import.meta.url)),
    argv: process.argv.slice(2),
    env: process.env,
  });
} else {
  console.error(refusal);
  process.exitCode = 2;
}
