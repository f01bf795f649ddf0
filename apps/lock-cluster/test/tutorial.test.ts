import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProcessCluster, runTutorial } from '@quorate/testkit';

const names = ['a', 'b', 'c'];
const main = join(__dirname, '../src/main.ts');
const tutorial = readFileSync(join(__dirname, '../../../docs/tutorial/locks.md'), 'utf8');
const posix = process.platform === 'win32' ? describe.skip : describe;

posix('the tutorial', () => {
  const data = mkdtempSync(join(tmpdir(), 'quorate-locks-'));
  let cluster: ProcessCluster;

  beforeAll(async () => {
    cluster = await ProcessCluster.start({
      names,
      readyPath: '/ready',
      startTimeoutMs: 30_000,
      launch: ({ name, port, peers }) => ({
        command: process.execPath,
        args: [main],
        env: {
          PATH: process.env['PATH'] ?? '',
          NODE_ID: name,
          NODE_PORT: String(port),
          PEER_NODES: peers.map((peer) => `${peer.name}@127.0.0.1:${peer.port}`).join(','),
          DATA_DIR: join(data, name),
          LOG_LEVEL: 'warn',
        },
      }),
    });
  }, 60_000);

  afterAll(async () => {
    await cluster.close();
    rmSync(data, { recursive: true, force: true });
  });

  it('says what one sees, command by command', async () => {
    const ports = names.map((name, i): [string, string] => [
      `800${i}`,
      new URL(cluster.url(name)).port,
    ]);
    const { steps, wrong } = await runTutorial(tutorial, new Map(ports), 80_000);
    expect(wrong).toEqual([]);
    expect(steps).toBeGreaterThan(30);
  }, 90_000);

  it('leaves out no route of the service', async () => {
    const response = await fetch(`${cluster.url('a')}/openapi.json`);
    const { paths } = (await response.json()) as { readonly paths: Record<string, unknown> };
    const routes = Object.keys(paths).filter((path) => path.startsWith('/lock'));
    expect(routes.length).toBeGreaterThan(8);
    for (const route of routes) expect(tutorial).toContain(route.replace(/\/\{key\}$/, '/report'));
  });
});
