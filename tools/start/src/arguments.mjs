import { parseArgs } from 'node:util';
import { clusters, placeClusters, planNodes, portRange } from './clusters.mjs';

/** @typedef {import('./clusters.mjs').NodePlan} NodePlan */

/**
 * @typedef {{ kind: 'help' }
 *   | { kind: 'mistakes', lines: readonly string[] }
 *   | { kind: 'start', nodes: readonly NodePlan[], fresh: boolean }} Request
 */

export const help = `Usage: npm start [-- [cluster or node …] [--fresh]]

Starts the clusters on this machine: installs what is missing, builds, and runs three nodes of each.

  npm start                     all three clusters, nine nodes
  npm start -- lock             one cluster: ${clusters.map(({ name }) => name).join(', ')}
  npm start -- lock-2           one node, for example to bring back one that was killed
  npm start -- --fresh          forgets the data of what is started, then starts

Ports (each cluster takes three in a row)
${clusters.map(({ portVariable, app, ...at }) => `  ${portVariable.padEnd(12)}${app.padEnd(16)}${portRange({ portVariable, app, ...at })}`).join('\n')}

Data is kept in .quorate/. Every other variable (LOG_LEVEL, STORAGE, REDIS_URL …) reaches the nodes
as it is. Ctrl-C stops all nodes; a second Ctrl-C does not wait for them.
`;

/**
 * Reads the command line and the port variables together, since both decide what runs where.
 *
 * @param {readonly string[]} argv
 * @param {NodeJS.ProcessEnv} env
 * @param {string} dataRoot
 * @returns {Request}
 */
export function readRequest(argv, env, dataRoot) {
  let parsed;
  try {
    parsed = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { fresh: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    });
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    return { kind: 'mistakes', lines: [`${what} See npm start -- --help.`] };
  }
  if (parsed.values.help === true) return { kind: 'help' };

  const placed = placeClusters(env);
  const secure = (env['TLS_CERT_FILE'] ?? '') !== '';
  const nodes = placed.clusters.flatMap((cluster) => planNodes(cluster, { dataRoot, secure }));
  /** @param {NodePlan} node @param {string} word */
  const isMeant = (node, word) =>
    [node.id, node.cluster.name, node.cluster.app].includes(word.toLowerCase());
  const words = parsed.positionals;
  const unknown = words.filter((word) => !nodes.some((node) => isMeant(node, word)));
  const mistakes = [
    ...placed.mistakes,
    ...unknown.map((word) => {
      const known = clusters.map(({ name }) => name).join(', ');
      return `"${word}" is neither a cluster (${known}) nor a node (such as lock-1).`;
    }),
  ];
  if (mistakes.length > 0) return { kind: 'mistakes', lines: mistakes };
  return {
    kind: 'start',
    nodes: nodes.filter((node) => words.length === 0 || words.some((word) => isMeant(node, word))),
    fresh: parsed.values.fresh === true,
  };
}
