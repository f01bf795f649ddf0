import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { waitUntil } from './condition.ts';
import { ProcessCluster } from './process-cluster.ts';
import { SmallDisk } from './small-disk.ts';

const fixture = join(__dirname, 'fixture-server.mjs');
const patience = { timeoutMs: 10_000 };

const startCluster = (names: readonly string[], env: Record<string, string> = {}) =>
  ProcessCluster.start({
    names,
    readyPath: '/health',
    launch: ({ name, port, peers }) => ({
      command: process.execPath,
      args: [fixture],
      env: { ...env, NAME: name, PORT: String(port), PEERS: JSON.stringify(peers) },
    }),
  });

/** The status with which `from` reports on its attempt to reach `to`. */
const reach = async (cluster: ProcessCluster, from: string, to: string): Promise<number> => {
  const response = await fetch(`${cluster.url(from)}/ask?peer=${to}`);
  return response.status;
};

describe('a cluster of real processes', () => {
  let cluster: ProcessCluster;
  beforeAll(async () => {
    cluster = await startCluster(['a', 'b', 'c']);
  });
  afterAll(() => cluster.close());

  it('starts every node, and each reaches each through its own relay', async () => {
    expect(await reach(cluster, 'a', 'b')).toBe(200);
    expect(await reach(cluster, 'c', 'a')).toBe(200);
    expect(cluster.process('a').output).toContain('listening');
  });

  it('cuts the links of one node and leaves those between the others', async () => {
    cluster.isolate('b');
    const [cut, whole] = await Promise.all([reach(cluster, 'a', 'b'), reach(cluster, 'a', 'c')]);
    expect([cut, whole]).toEqual([502, 200]);
    cluster.rejoin('b');
    expect(await reach(cluster, 'a', 'b')).toBe(200);
  });

  it('cuts one direction, which is enough to leave a question unanswered', async () => {
    cluster.links.cut('c', 'a');
    expect(await reach(cluster, 'a', 'c')).toBe(502);
    cluster.links.heal('c', 'a');
    expect(await reach(cluster, 'a', 'c')).toBe(200);
  });

  it('refuses connections where it is told to', async () => {
    cluster.links.refuse('a', 'b', true);
    expect(await reach(cluster, 'a', 'b')).toBe(502);
    cluster.links.refuse('a', 'b', false);
    await waitUntil('a to reach b', async () => (await reach(cluster, 'a', 'b')) === 200, patience);
  });

  it('slows a link down', async () => {
    cluster.links.delay('a', 'c', 120);
    const begun = performance.now();
    expect(await reach(cluster, 'a', 'c')).toBe(200);
    expect(performance.now() - begun).toBeGreaterThan(115);
    cluster.links.heal('a', 'c');
  });

  it('kills a node for good, and starts it again on its old port', async () => {
    const { pid } = cluster.process('c');
    await cluster.kill('c');
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(await reach(cluster, 'a', 'c')).toBe(502);
    await cluster.startNode('c');
    expect(await reach(cluster, 'a', 'c')).toBe(200);
  });

  it('freezes a node, which answers when it is thawed', async () => {
    cluster.freeze('b');
    expect(await reach(cluster, 'a', 'b')).toBe(502);
    cluster.thaw('b');
    await waitUntil('a to reach b', async () => (await reach(cluster, 'a', 'b')) === 200, patience);
  });
});

describe('when something goes wrong', () => {
  it('a node that never gets ready is reported with what it said, and nothing is left', async () => {
    const started = ProcessCluster.start({
      names: ['a'],
      readyPath: '/health',
      launch: () => ({
        command: process.execPath,
        args: ['-e', 'console.error("no configuration"); process.exit(3)'],
        env: {},
      }),
    });
    await expect(started).rejects.toThrow(/no configuration/);
  });

  it('a port that is taken meanwhile is waited for and tried again', async () => {
    let attempts = 0;
    const starting = ProcessCluster.start({
      names: ['a'],
      readyPath: '/health',
      launch: ({ name, port, peers }) => {
        attempts++;
        const args =
          attempts === 1
            ? ['-e', 'console.error("listen EADDRINUSE"); process.exit(1)']
            : [fixture];
        const env = { NAME: name, PORT: String(port), PEERS: JSON.stringify(peers) };
        return { command: process.execPath, args, env };
      },
    });
    const cluster = await starting;
    expect(attempts).toBe(2);
    await cluster.close();
  });

  it('the children of a test process that is killed do not outlive it', async () => {
    const parent = `
      const { NodeProcess } = await import(${JSON.stringify(join(__dirname, 'node-process.ts'))});
      const child = await NodeProcess.start({
        name: 'child', command: process.execPath, args: ['-e', 'setInterval(() => {}, 1000)'], env: {},
      });
      console.log(child.pid);
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), 50);
    `;
    const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', parent]);
    const error: unknown = await run.catch((cause: unknown) => cause);
    const pid = Number((error as { stdout: string }).stdout.trim());
    expect(pid).toBeGreaterThan(1);
    await waitUntil('the child to be gone', () => !existsSync(`/proc/${pid}`), patience);
  });
});

describe('a small disk', () => {
  it('can be filled to the last byte, and emptied again', async () => {
    const disk = await SmallDisk.open(1024 * 1024);
    if ('unavailable' in disk) {
      console.warn(`not tested, mounting is not allowed here: ${disk.unavailable}`);
      return;
    }
    const cluster = await startCluster(['a'], { DIRECTORY: disk.path });
    try {
      const write = async (): Promise<number> => (await fetch(`${cluster.url('a')}/write`)).status;
      expect(await write()).toBe(200);
      await disk.fill(4 * 1024);
      await disk.fill();
      const whenFull = await fetch(`${cluster.url('a')}/write`);
      expect([whenFull.status, await whenFull.json()]).toEqual([507, { code: 'ENOSPC' }]);
      await disk.makeRoom();
      expect(await write()).toBe(200);
    } finally {
      await cluster.close();
      await disk.close();
    }
  });
});
