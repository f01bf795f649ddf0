import { cp, mkdir, mkdtemp, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  findFreePorts,
  isFree,
  removeWorkspace,
  startLauncher,
  type Launcher,
} from './workspace.ts';

jest.setTimeout(120_000);

const repository = join(__dirname, '..', '..', '..');

/**
 * The real workspace behind links, with a launcher of its own: it takes the folder it stands in for the
 * root, so the data of whoever runs the tests is left alone.
 */
async function linkWorkspace(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'quorate-real-'));
  const linked = ['apps', 'libs', 'node_modules', 'package-lock.json', join('tools', 'build')];
  await mkdir(join(root, 'tools'));
  for (const path of linked) await symlink(join(repository, path), join(root, path), 'junction');
  for (const tool of ['start', 'setup']) {
    const src = join('tools', tool, 'src');
    await cp(join(repository, src), join(root, src), { recursive: true });
  }
  return root;
}

describe('the three clusters', () => {
  let root: string;
  let launcher: Launcher | undefined;
  beforeAll(async () => {
    root = await linkWorkspace();
  });
  afterAll(async () => {
    launcher?.kill('SIGKILL');
    await launcher?.ended;
    await removeWorkspace(root);
  });

  it('come up as nine nodes that know their leaders, and leave nothing behind', async () => {
    const ports = await findFreePorts(9);
    launcher = startLauncher(root, [], {
      LOCK_PORT: String(ports),
      QUEUE_PORT: String(ports + 3),
      CACHE_PORT: String(ports + 6),
    });
    await launcher.says(/Ctrl-C stops all of it/);
    for (const cluster of ['lock', 'queue', 'cache']) {
      const lines = launcher.text().match(new RegExp(`^ +${cluster}-[123] +http.*$`, 'gm')) ?? [];
      expect(lines).toHaveLength(3);
      for (const line of lines) {
        expect(line).toMatch(new RegExp(` (leader|follower) +${cluster}-[123] +\\d+$`));
      }
    }

    launcher.kill('SIGINT');
    expect(await launcher.ended).toEqual({ code: 0, signal: null });
    const all = Array.from({ length: 9 }, (_, index) => ports + index);
    expect(await Promise.all(all.map(isFree))).toEqual(all.map(() => true));
  });
});
