import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { help, readRequest } from './arguments.mjs';
import { exitCodes } from './exit-codes.mjs';
import { complain, output, say } from './output.mjs';
import { checkPorts } from './ports.mjs';
import { runNodes } from './run.mjs';
import {
  CommandError,
  createPaint,
  createSteps,
  ensureInstalled,
  findNode,
  runQuietly,
  wantsColour,
} from './setup.mjs';
import { onStopRequest } from './stop-requests.mjs';

/** @typedef {import('./clusters.mjs').NodePlan} NodePlan */
/** @typedef {import('./node-process.mjs').NodeProcess} NodeProcess */
/** @typedef {import('./setup.mjs').Paint} Paint */
/** @typedef {{ root: string, env: NodeJS.ProcessEnv, paint: Paint }} Context */

/**
 * Runs `npm start` to its end.
 *
 * @param {{ root: string, argv: readonly string[], env: NodeJS.ProcessEnv }} options
 * @returns {Promise<number>} the exit code
 */
export async function launch({ root, argv, env }) {
  const request = readRequest(argv, env, join(root, '.quorate', 'data'));
  if (request.kind === 'help') {
    output.write(help);
    return exitCodes.clean;
  }
  if (request.kind === 'mistakes') {
    complain(request.lines);
    return exitCodes.usage;
  }
  const blocked = await checkPorts(request.nodes);
  if (blocked.length > 0) {
    complain(blocked);
    return exitCodes.failed;
  }

  const context = { root, env, paint: createPaint(wantsColour(output, env)) };
  const stopping = new AbortController();
  /** @type {NodeProcess[]} */
  const nodes = [];
  const killAll = () => {
    for (const node of nodes) if (!node.hasEnded()) node.kill();
  };
  const stopListening = onStopRequest({
    env,
    first: () => {
      stopping.abort();
    },
    again: () => {
      say('Not waiting any longer: killing the nodes.');
      killAll();
    },
  });
  // Whoever read our output has gone (`npm start | head`): nobody would see what the nodes say.
  output.on('error', () => {
    stopping.abort();
  });

  try {
    await prepare(context, request, stopping.signal);
    if (stopping.signal.aborted) return exitCodes.clean;
    return await runNodes(context, request.nodes, nodes, stopping);
  } catch (error) {
    if (stopping.signal.aborted) return exitCodes.clean;
    if (!(error instanceof CommandError)) throw error;
    complain([error.output.trimEnd(), error.message]);
    return exitCodes.failed;
  } finally {
    // Nothing is left here unless something above threw: whatever happens, no node stays behind.
    killAll();
    stopListening();
  }
}

/**
 * @param {Context} context
 * @param {{ nodes: readonly NodePlan[], fresh: boolean }} request
 * @param {AbortSignal} signal
 */
async function prepare({ root, env, paint }, { nodes, fresh }, signal) {
  const steps = createSteps({ output, paint });
  await ensureInstalled({ root, steps, env, signal });

  const apps = [...new Set(nodes.map(({ cluster }) => cluster.app))];
  await steps.run(`building ${apps.join(', ')}`, async () => {
    const args = [join(root, 'tools', 'build', 'src', 'main.mjs'), ...apps];
    await runQuietly({ file: findNode(root), args }, { cwd: root, env, signal });
    return undefined;
  });

  if (!fresh) return;
  await steps.run('forgetting the data of earlier runs', async () => {
    await Promise.all(
      nodes.map(({ dataDir }) => rm(dataDir, { recursive: true, force: true, maxRetries: 3 })),
    );
    return undefined;
  });
}
