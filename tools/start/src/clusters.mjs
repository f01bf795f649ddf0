import { join } from 'node:path';

/**
 * @typedef {object} Cluster
 * @property {string} name what a user types
 * @property {string} app the app's folder, and the name its nodes agree on
 * @property {string} portVariable moves the three ports
 * @property {number} basePort
 *
 * @typedef {object} NodePlan
 * @property {string} id
 * @property {Cluster} cluster
 * @property {string} host
 * @property {number} port
 * @property {boolean} secure whether the node speaks TLS on its port
 * @property {string} dataDir
 * @property {Readonly<Record<string, string>>} env
 */

const host = '127.0.0.1';
const nodesPerCluster = 3;
const portMax = 65_535;

/** @type {readonly Cluster[]} */
export const clusters = [
  { name: 'lock', app: 'lock-cluster', portVariable: 'LOCK_PORT', basePort: 8000 },
  { name: 'queue', app: 'queue-cluster', portVariable: 'QUEUE_PORT', basePort: 8100 },
  { name: 'cache', app: 'cache-cluster', portVariable: 'CACHE_PORT', basePort: 8200 },
];

/**
 * The clusters where the environment has moved them.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {{ clusters: readonly Cluster[], mistakes: readonly string[] }}
 */
export function placeClusters(env) {
  /** @type {string[]} */
  const mistakes = [];
  const placed = clusters.map((cluster) => {
    const text = env[cluster.portVariable];
    if (text === undefined || text === '') return cluster;
    const basePort = /^\d{1,5}$/.test(text) ? Number(text) : 0;
    if (basePort < 1 || basePort + nodesPerCluster - 1 > portMax) {
      const last = String(portMax - nodesPerCluster + 1);
      mistakes.push(`${cluster.portVariable} is "${text}": a port from 1 to ${last} is needed.`);
      return cluster;
    }
    return { ...cluster, basePort };
  });
  return { clusters: placed, mistakes: [...mistakes, ...findOverlaps(placed)] };
}

/** @param {readonly Cluster[]} placed */
function findOverlaps(placed) {
  return placed.flatMap((one, index) =>
    placed
      .slice(index + 1)
      .filter((other) => Math.abs(one.basePort - other.basePort) < nodesPerCluster)
      .map(
        (other) =>
          `${one.portVariable} (${String(one.basePort)}) and ${other.portVariable} ` +
          `(${String(other.basePort)}) overlap: each cluster takes three ports in a row.`,
      ),
  );
}

/** @param {Cluster} cluster */
export const portRange = ({ basePort }) =>
  `${String(basePort)}–${String(basePort + nodesPerCluster - 1)}`;

/**
 * The three nodes of a cluster, each with the environment its app reads.
 *
 * @param {Cluster} cluster
 * @param {{ dataRoot: string, secure: boolean }} options
 * @returns {readonly NodePlan[]}
 */
export function planNodes(cluster, { dataRoot, secure }) {
  const members = Array.from({ length: nodesPerCluster }, (_, index) => ({
    id: `${cluster.name}-${String(index + 1)}`,
    port: cluster.basePort + index,
  }));
  return members.map(({ id, port }) => {
    const dataDir = join(dataRoot, cluster.app, id);
    const peers = members.filter((member) => member.id !== id);
    return {
      id,
      cluster,
      host,
      port,
      secure,
      dataDir,
      env: {
        CLUSTER_NAME: cluster.app,
        NODE_ID: id,
        NODE_HOST: host,
        NODE_PORT: String(port),
        PEER_NODES: peers.map((peer) => `${peer.id}@${host}:${String(peer.port)}`).join(','),
        DATA_DIR: dataDir,
      },
    };
  });
}
