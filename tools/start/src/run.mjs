import { exitCodes } from './exit-codes.mjs';
import { describeEnding, stopAll, waitUntilServing } from './fleet.mjs';
import { startNode } from './node-process.mjs';
import { complain, output, say } from './output.mjs';
import { address, formatCommands, formatTable, restartCommand } from './report.mjs';
import { findNode, formatSeconds, wantsColour } from './setup.mjs';

/** @typedef {import('./clusters.mjs').NodePlan} NodePlan */
/** @typedef {import('./node-process.mjs').NodeProcess} NodeProcess */
/** @typedef {import('./setup.mjs').Paint} Paint */
/** @typedef {import('./setup.mjs').Style} Style */
/** @typedef {{ root: string, env: NodeJS.ProcessEnv, paint: Paint }} Context */

const servingMs = 60_000;

/** @type {readonly Style[]} */
const nodeStyles = [
  'cyan',
  'green',
  'yellow',
  'blue',
  'magenta',
  'brightCyan',
  'brightGreen',
  'brightYellow',
  'brightBlue',
];

/**
 * Starts the nodes, shows them, and stays until they have ended or shall stop.
 *
 * @param {Context} context
 * @param {readonly NodePlan[]} plans
 * @param {NodeProcess[]} nodes filled here, so that the caller can clean up after a crash
 * @param {AbortController} stopping
 */
export async function runNodes({ root, env, paint }, plans, nodes, stopping) {
  const { signal } = stopping;
  const startMs = performance.now();
  const nodeEnv = {
    NODE_ENV: 'production',
    LOG_FORMAT: 'pretty',
    ...(wantsColour(output, env) ? { FORCE_COLOR: '1' } : {}),
    ...env,
  };
  const nodeBinary = findNode(root);
  const ids = plans.map(({ id }) => id);
  const idWidth = Math.max(...ids.map(({ length }) => length));
  say(`  starting ${ids.join(', ')} (data in .quorate)`);
  // Every node's two streams flow into this one, and each adds its listeners.
  output.setMaxListeners(0);

  plans.forEach((plan, index) => {
    const style = nodeStyles[index % nodeStyles.length] ?? 'cyan';
    const prefix = `${paint(style, `${plan.id.padEnd(idWidth)} │`)} `;
    const node = startNode(plan, { root, nodeBinary, env: nodeEnv, prefix, output });
    nodes.push(node);
    void node.ended.then((ending) => {
      if (signal.aborted) return;
      say(paint('red', `✘ ${plan.id} ended with ${describeEnding(ending)}.`));
    });
  });
  const allEnded = Promise.all(nodes.map((node) => node.ended));

  const standings = await waitUntilServing(nodes, {
    deadlineMs: servingMs,
    signal,
    onUp: ({ node: { plan }, health }) => {
      const who = `${paint('green', '✔')} ${plan.id.padEnd(idWidth)}`;
      const took = paint('dim', formatSeconds(performance.now() - startMs));
      say(`${who} serves at ${address(plan)} as ${health?.role_name ?? '?'} ${took}`);
    },
  });

  if (!signal.aborted && nodes.some((node) => node.hasEnded())) {
    stopping.abort();
    await stopAll(nodes);
    complain([
      'A node ended before it could serve, so nothing was left running. Its lines above say why.',
    ]);
    return exitCodes.failed;
  }
  if (!signal.aborted) {
    announce(standings, paint);
    watch(nodes, signal, paint);
  }
  await Promise.race([allEnded, whenAborted(signal)]);
  if (!signal.aborted) {
    complain(['All nodes have ended.']);
    return exitCodes.failed;
  }
  return await finish(nodes, paint);
}

/**
 * @param {readonly import('./fleet.mjs').Standing[]} standings
 * @param {Paint} paint
 */
function announce(standings, paint) {
  const late = standings.filter(({ why }) => why !== undefined);
  for (const { node, why } of late) {
    say(paint('yellow', `! ${node.plan.id} ${why ?? ''} after ${formatSeconds(servingMs)}.`));
  }
  const commands = formatCommands(standings, paint, process.platform);
  say(`\n${formatTable(standings, paint)}\n\n${commands}\n\n  Ctrl-C stops all of it.\n`);
}

/**
 * From here on a node that ends is somebody's experiment or a fault: it is named, never restarted.
 *
 * @param {readonly NodeProcess[]} nodes
 * @param {AbortSignal} signal
 * @param {Paint} paint
 */
function watch(nodes, signal, paint) {
  for (const node of nodes) {
    void node.ended.then(() => {
      if (signal.aborted) return;
      const command = restartCommand(node.plan, process.platform);
      say(paint('yellow', `  To start it again, in another terminal: ${command}`));
    });
  }
}

/**
 * @param {readonly NodeProcess[]} nodes
 * @param {Paint} paint
 */
async function finish(nodes, paint) {
  const running = nodes.filter((node) => !node.hasEnded());
  const startMs = performance.now();
  say(`\n  stopping ${running.map(({ plan }) => plan.id).join(', ')} …`);
  const killed = await stopAll(running);
  const endings = await Promise.all(
    running.map(async (node) => ({ node, ending: await node.ended })),
  );
  const faults = endings.filter(({ ending }) => ending.code !== 0);
  for (const { node, ending } of faults) {
    const why = killed.includes(node)
      ? 'did not stop in time and was killed'
      : `ended with ${describeEnding(ending)} when it was told to stop`;
    say(paint('red', `✘ ${node.plan.id} ${why}.`));
  }
  if (faults.length > 0) return exitCodes.failed;
  const took = formatSeconds(performance.now() - startMs);
  say(`${paint('green', '✔')} all stopped ${paint('dim', took)}`);
  return exitCodes.clean;
}

/**
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function whenAborted(signal) {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else
      signal.addEventListener('abort', () => {
        resolve();
      });
  });
}
