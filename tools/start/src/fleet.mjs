import { setTimeout as pause } from 'node:timers/promises';
import { askHealth } from './health.mjs';

/** @typedef {import('./health.mjs').Health} Health */
/** @typedef {import('./node-process.mjs').NodeProcess} NodeProcess */
/** @typedef {import('./node-process.mjs').Ending} Ending */
/** @typedef {{ node: NodeProcess, health: Health | undefined, why: string | undefined }} Standing */

const pollMs = 150;

/** Longer than the five seconds a node may take, so that only a node that hangs is killed. */
export const stopMs = 6_000;

/** @param {Ending} ending */
export const describeEnding = ({ code, signal }) =>
  signal === null ? `code ${String(code)}` : `signal ${signal}`;

/**
 * Waits until every node answers that it can serve, one of them ends, the time is over or the user
 * wants to stop.
 *
 * @param {readonly NodeProcess[]} nodes
 * @param {{ deadlineMs: number, signal: AbortSignal, onUp: (standing: Standing) => void }} options
 * @returns {Promise<readonly Standing[]>} how each node stands in the end
 */
export async function waitUntilServing(nodes, { deadlineMs, signal, onUp }) {
  const startMs = performance.now();
  const given = () =>
    signal.aborted ||
    performance.now() - startMs > deadlineMs ||
    nodes.some((node) => node.hasEnded());

  const waits = nodes.map(async (node) => {
    for (;;) {
      const standing = await look(node);
      if (standing.why === undefined) onUp(standing);
      if (standing.why === undefined || given()) return;
      await pause(pollMs);
    }
  });
  await Promise.all(waits);
  // The first node that was up has learnt of its leader since, so all are asked once more.
  return await Promise.all(nodes.map(look));
}

/**
 * @param {NodeProcess} node
 * @returns {Promise<Standing>}
 */
async function look(node) {
  if (node.hasEnded()) return { node, health: undefined, why: 'has ended' };
  const answer = await askHealth(node.plan);
  if (answer === undefined) return { node, health: undefined, why: 'does not answer' };
  const { status, health } = answer;
  return { node, health, why: status === 200 ? undefined : `answers ${String(status)}` };
}

/**
 * Asks all nodes to stop, all at once so that none elects a leader in vain, and kills those that do
 * not.
 *
 * @param {readonly NodeProcess[]} nodes
 * @returns {Promise<readonly NodeProcess[]>} the nodes that had to be killed
 */
export async function stopAll(nodes) {
  /** @type {NodeProcess[]} */
  const killed = [];
  const timer = setTimeout(() => {
    for (const node of nodes.filter((one) => !one.hasEnded())) {
      killed.push(node);
      node.kill();
    }
  }, stopMs);
  for (const node of nodes) if (!node.hasEnded()) node.stop();
  await Promise.all(nodes.map((node) => node.ended));
  clearTimeout(timer);
  return killed;
}
