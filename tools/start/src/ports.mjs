import { connect, createServer } from 'node:net';
import { portRange } from './clusters.mjs';
import { findPortOwner } from './port-owner.mjs';

/** @typedef {import('./clusters.mjs').NodePlan} NodePlan */

const connectMs = 500;

/**
 * @param {number} port
 * @param {string} host
 * @returns {Promise<string | undefined>} why a server cannot listen there
 */
function tryToListen(port, host) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => {
      resolve(('code' in error ? String(error.code) : undefined) ?? error.message);
    });
    server.listen({ port, host, exclusive: true }, () => {
      server.close(() => {
        resolve(undefined);
      });
    });
  });
}

/**
 * @param {number} port
 * @param {string} host
 * @returns {Promise<boolean>}
 */
function isAnswering(port, host) {
  return new Promise((resolve) => {
    const socket = connect({ port, host, timeout: connectMs });
    /** @param {boolean} answer */
    const settle = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => {
      settle(true);
    });
    for (const event of ['error', 'timeout']) {
      socket.once(event, () => {
        settle(false);
      });
    }
  });
}

/**
 * Both questions are needed: BSD and macOS let a server listen on 127.0.0.1 beside another that
 * listens on every address, and then one of them would never be heard of.
 *
 * @param {number} port
 * @param {string} host
 * @returns {Promise<string | undefined>} why the port cannot be used
 */
export async function findObstacle(port, host) {
  const refusal = await tryToListen(port, host);
  if (refusal === 'EACCES' || refusal === 'EPERM') return 'not allowed to this user';
  if (refusal === 'EADDRINUSE' || (refusal === undefined && (await isAnswering(port, host)))) {
    const owner = await findPortOwner(port);
    return owner === undefined ? 'taken by another process' : `taken by ${owner}`;
  }
  return refusal === undefined ? undefined : `unusable (${refusal})`;
}

/**
 * One line for each cluster that cannot have its ports.
 *
 * @param {readonly NodePlan[]} nodes
 * @returns {Promise<readonly string[]>}
 */
export async function checkPorts(nodes) {
  const found = await Promise.all(
    nodes.map(async ({ cluster, host, port }) => ({
      cluster,
      port,
      obstacle: await findObstacle(port, host),
    })),
  );
  return [...new Set(nodes.map(({ cluster }) => cluster))].flatMap((cluster) => {
    const blocked = found.filter((at) => at.cluster === cluster && at.obstacle !== undefined);
    if (blocked.length === 0) return [];
    const ports = blocked.map(({ port, obstacle }) => `port ${String(port)} is ${obstacle ?? ''}`);
    return [
      `${ports.join(', ')}. ${cluster.portVariable} moves the ${cluster.app} ` +
        `(now ${portRange(cluster)}), for example ${cluster.portVariable}=${String(elsewhere(cluster))}.`,
    ];
  });
}

/**
 * A place to suggest that no cluster uses by default.
 *
 * @param {import('./clusters.mjs').Cluster} cluster
 */
const elsewhere = ({ basePort }) => (basePort + 1000 > 65_000 ? basePort - 1000 : basePort + 1000);
