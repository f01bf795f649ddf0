import { clusters } from './clusters.mjs';

/** @typedef {import('./clusters.mjs').Cluster} Cluster */
/** @typedef {import('./fleet.mjs').Standing} Standing */
/** @typedef {import('./setup.mjs').Paint} Paint */

/** What to try first on each cluster: a route of its API and a body. */
const examples =
  /** @type {Readonly<Record<string, readonly { path: string, body: string }[]>>} */ ({
    lock: [
      { path: '/lock/acquire', body: '{"key":"invoice-7","client_id":"me"}' },
      { path: '/lock/renew', body: '{"client_id":"me"}' },
      { path: '/lock/release', body: '{"key":"invoice-7","client_id":"me"}' },
    ],
    queue: [
      { path: '/queue/enq', body: '{"value":{"hello":"world"}}' },
      { path: '/queue/deq', body: '{"max":10}' },
      { path: '/queue/default/peek', body: '{}' },
    ],
    cache: [
      { path: '/cache/put', body: '{"key":"greeting","val":"hello"}' },
      { path: '/cache/get', body: '{"key":"greeting"}' },
      { path: '/cache/delete', body: '{"key":"greeting"}' },
    ],
  });

const commandsMax = 3;

/** @param {{ host: string, port: number, secure: boolean }} node */
export const address = ({ host, port, secure }) =>
  `${secure ? 'https' : 'http'}://${host}:${String(port)}`;

/**
 * @param {readonly Standing[]} standings
 * @param {Paint} paint
 */
export function formatTable(standings, paint) {
  const head = ['node', 'address', 'role', 'leader', 'term'];
  const rows = standings.map(({ node: { plan }, health, why }) => [
    plan.id,
    address(plan),
    why ?? health?.role_name ?? '?',
    health?.leader ?? 'none',
    health?.term === undefined ? '?' : String(health.term),
  ]);
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  /** @param {readonly string[]} row */
  const line = (row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('   ')}`.trimEnd();
  return [
    paint('bold', line(head)),
    ...rows.map((row) => (row[2] === 'leader' ? paint('green', line(row)) : line(row))),
  ].join('\n');
}

/**
 * Three commands to try, from each of the clusters that run, for the shell of this platform first.
 *
 * @param {readonly Standing[]} standings
 * @param {Paint} paint
 * @param {NodeJS.Platform} platform
 */
export function formatCommands(standings, paint, platform) {
  const first = standings.filter(
    ({ node }, index) =>
      standings.findIndex((other) => other.node.plan.cluster === node.plan.cluster) === index,
  );
  const perCluster = Math.max(1, Math.floor(commandsMax / Math.max(1, first.length)));
  const calls = first.flatMap(({ node: { plan } }) =>
    (examples[plan.cluster.name] ?? [])
      .slice(0, perCluster)
      .map(({ path, body }) => ({ url: `${address(plan)}${path}`, body })),
  );
  const curl = calls.map(
    ({ url, body }) => `  curl ${url} -H content-type:application/json -d '${body}'`,
  );
  const powershell = calls.map(
    ({ url, body }) =>
      `  Invoke-RestMethod ${url} -Method Post -ContentType application/json -Body '${body}'`,
  );
  const any = first[0];
  const title = paint('bold', '  To try');
  const docs = any === undefined ? '' : `  API reference: ${address(any.node.plan)}/docs`;
  const shown =
    platform === 'win32'
      ? powershell
      : [...curl, paint('dim', '  In PowerShell:'), ...powershell.slice(0, 1)];
  return [title, ...shown, docs].join('\n');
}

/**
 * How one node is started again by hand, on the ports its cluster has now.
 *
 * @param {import('./clusters.mjs').NodePlan} plan
 * @param {NodeJS.Platform} platform
 */
export function restartCommand({ id, cluster }, platform) {
  const command = `npm start -- ${id}`;
  const usual = clusters.some(
    (one) => one.name === cluster.name && one.basePort === cluster.basePort,
  );
  if (usual) return command;
  const { portVariable, basePort } = cluster;
  return platform === 'win32'
    ? `$env:${portVariable} = ${String(basePort)}; ${command}`
    : `${portVariable}=${String(basePort)} ${command}`;
}
