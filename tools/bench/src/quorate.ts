import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { freePorts, startMembers, untilAnswers, type Server } from './processes.ts';

export type App = 'lock-cluster' | 'queue-cluster' | 'cache-cluster';

/** With the processes of all nodes, the one that the load goes to among them. */
export interface QuorateServer extends Server {
  readonly pids: readonly number[];
}

const root = fileURLToPath(new URL('../../..', import.meta.url));
const names = ['a', 'b', 'c'] as const;
/** As the launcher starts them. */
const nodeFlags = ['--enable-source-maps', '--max-semi-space-size=64', '--min-semi-space-size=32'];

/** Three nodes of the built app on loopback; the load goes to the leader (of the first shard). */
export async function startQuorate(
  app: App,
  env: Readonly<Record<string, string>> = {},
): Promise<QuorateServer> {
  const main = join(root, 'apps', app, 'dist', 'main.mjs');
  if (!existsSync(main)) throw new Error(`${app} is not built: npx nx run ${app}:build`);
  const ports = await freePorts(names.length);
  const peers = names.map((name, i) => `${name}@127.0.0.1:${ports[i]}`).join(',');
  const { processes, stop } = await startMembers((folder) =>
    names.map((name, i) => ({
      name: `${app} ${name}`,
      command: process.execPath,
      args: [...nodeFlags, main],
      env: {
        NODE_ID: name,
        NODE_PORT: String(ports[i]),
        PEER_NODES: peers,
        DATA_DIR: join(folder, name),
        LOG_LEVEL: 'warn',
        ...env,
      },
    })),
  );
  const leader = await untilAnswers(app, processes, async () => {
    const ready = await Promise.all(ports.map((port) => get(port, '/ready')));
    if (ready.some(({ status }) => status !== 200)) return undefined;
    const health = await Promise.all(ports.map((port) => get(port, '/health')));
    const found = health.findIndex(({ body }) => body['role'] === 2);
    return found < 0 ? undefined : found;
  });
  const pids = processes.map(({ pid }) => pid);
  return { name: 'Quorate', port: ports[leader]!, ports, pid: pids[leader]!, pids, stop };
}

async function get(
  port: number,
  path: string,
): Promise<{ readonly status: number; readonly body: Readonly<Record<string, unknown>> }> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}
