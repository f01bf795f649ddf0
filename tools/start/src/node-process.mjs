import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { prefixLines } from './line-prefix.mjs';

/** @typedef {import('./clusters.mjs').NodePlan} NodePlan */
/** @typedef {{ code: number | null, signal: NodeJS.Signals | null }} Ending */

const windows = process.platform === 'win32';

/**
 * Requests that wait for two disks outlive many a collection of V8's small default nursery, and are then
 * copied for nothing: with a larger one the same machine answers a tenth more.
 */
const nodeFlags = ['--enable-source-maps', '--max-semi-space-size=64', '--min-semi-space-size=32'];

/**
 * Starts one node.
 *
 * The child has an IPC channel that nobody writes to: it closes when this process is gone, however it
 * went, and the node then stops by itself (`disconnect`). On POSIX the child leads a process group of
 * its own, so that Ctrl-C in the terminal reaches the launcher alone and a node is told to stop once.
 *
 * @param {NodePlan} plan
 * @param {{ root: string, nodeBinary: string, env: NodeJS.ProcessEnv, prefix: string,
 *   output: NodeJS.WritableStream }} options
 */
export function startNode(plan, { root, nodeBinary, env, prefix, output }) {
  mkdirSync(plan.dataDir, { recursive: true });
  const entry = join(root, 'apps', plan.cluster.app, 'dist', 'main.mjs');
  const child = spawn(nodeBinary, [...nodeFlags, entry], {
    cwd: root,
    env: { ...env, ...plan.env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: !windows,
    windowsHide: true,
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) stream.pipe(prefixLines(prefix)).pipe(output, { end: false });
  }

  /** @type {Ending | undefined} */
  let ending;
  /** @type {Promise<Ending>} */
  const ended = new Promise((resolve) => {
    /** @param {Ending} how */
    const settle = (how) => {
      ending ??= how;
      resolve(ending);
    };
    child.once('error', (error) => {
      output.write(`${prefix}${error.message}\n`);
      settle({ code: 1, signal: null });
    });
    // `close` comes after the last line of output, `exit` may come before it.
    child.once('close', (code, signal) => {
      settle({ code, signal });
    });
  });

  return {
    plan,
    ended,
    hasEnded: () => ending !== undefined,
    /** Asks the node to stop. Windows has no signal for that, so there the channel is closed. */
    stop() {
      if (windows) {
        if (child.connected) child.disconnect();
      } else child.kill('SIGTERM');
    },
    kill() {
      child.kill('SIGKILL');
    },
  };
}

/** @typedef {ReturnType<typeof startNode>} NodeProcess */
