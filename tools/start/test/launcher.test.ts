import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import {
  createWorkspace,
  findFreePorts,
  isFree,
  removeWorkspace,
  startLauncher,
  type Launcher,
} from './workspace.ts';

jest.setTimeout(30_000);

let root: string;
let base: number;
let launcher: Launcher | undefined;

beforeAll(async () => {
  root = await createWorkspace();
});
afterAll(() => removeWorkspace(root));
beforeEach(async () => {
  base = await findFreePorts(3);
});
afterEach(async () => {
  launcher?.kill('SIGKILL');
  await launcher?.ended;
  launcher = undefined;
});

const start = (argv: readonly string[], env: Readonly<Record<string, string>> = {}): Launcher => {
  launcher = startLauncher(root, argv, { LOCK_PORT: String(base), ...env });
  return launcher;
};

/** Nodes end on their own here, so this only waits for what has to come. */
const untilFree = async (port: number): Promise<void> => {
  while (!(await isFree(port))) await new Promise(setImmediate);
};

const health = async (port: number): Promise<Record<string, unknown>> => {
  const response = await fetch(`http://127.0.0.1:${port}/health`);
  return (await response.json()) as Record<string, unknown>;
};

describe('starting', () => {
  it('shows each node coming up, then a table and what to try', async () => {
    const { says, text } = start(['lock']);
    await says(/Ctrl-C stops all of it/);

    for (const index of [0, 1, 2]) {
      const role = index === 0 ? 'leader' : 'follower';
      expect(text()).toContain(
        `✔ lock-${index + 1} serves at http://127.0.0.1:${base + index} as ${role}`,
      );
    }
    expect(text()).toMatch(/lock-1 +http:\S+ +leader +lock-1 +3\n/);
    expect(text()).toMatch(/curl http:\S+\/lock\/acquire -H content-type:application\/json -d/);
    expect(text()).toContain('Invoke-RestMethod');
  });

  it('prefixes what a node says with the name of the node', async () => {
    const { says } = start(['lock']);
    await says(/^lock-2 │ listening$/m);
  });

  it('gives each node its own place, its peers and readable logs', async () => {
    const { says } = start(['lock']);
    await says(/Ctrl-C stops all of it/);

    expect(await health(base + 1)).toMatchObject({
      cluster: 'lock-cluster',
      node_id: 'lock-2',
      peers: `lock-1@127.0.0.1:${base},lock-3@127.0.0.1:${base + 2}`,
      data_dir: join(root, '.quorate', 'data', 'lock-cluster', 'lock-2'),
      log_format: 'pretty',
    });
  });

  it('starts a single node by its name', async () => {
    const { says } = start(['lock-3']);
    await says(/Ctrl-C stops all of it/);

    expect(await isFree(base)).toBe(true);
    expect(await health(base + 2)).toMatchObject({ node_id: 'lock-3' });
  });

  it('keeps the data of earlier runs unless it is told to forget them', async () => {
    const dataDir = join(root, '.quorate', 'data', 'lock-cluster', 'lock-1');
    await mkdir(dataDir, { recursive: true });
    await writeFile(join(dataDir, 'wal'), 'entries');

    await start(['lock']).says(/Ctrl-C stops all of it/);
    launcher?.kill('SIGINT');
    await launcher?.ended;
    expect(await readFile(join(dataDir, 'wal'), 'utf8')).toBe('entries');

    await start(['lock', '--fresh']).says(/Ctrl-C stops all of it/);
    await expect(stat(join(dataDir, 'wal'))).rejects.toThrow('ENOENT');
  });
});

describe('refusing to start', () => {
  it('names the port that is taken, who has it and the variable that moves it', async () => {
    const squatter = createServer().listen(base + 1, '0.0.0.0');
    try {
      const { ended, text } = start(['lock']);
      expect(await ended).toEqual({ code: 1, signal: null });

      const lines = text().trim().split('\n');
      expect(lines).toHaveLength(1);
      expect(lines[0]).toContain(`port ${base + 1} is taken by `);
      if (process.platform === 'linux') expect(lines[0]).toContain(`node (pid ${process.pid})`);
      expect(lines[0]).toContain('LOCK_PORT moves the lock-cluster');
      expect(await isFree(base)).toBe(true);
      expect(await isFree(base + 2)).toBe(true);
    } finally {
      squatter.close();
    }
  });

  it('answers a wrong command line and wrong ports with one line each and code 2', async () => {
    const { ended, text } = start(['locks', '--fresh'], { LOCK_PORT: 'abc' });
    expect(await ended).toEqual({ code: 2, signal: null });
    expect(text().trim().split('\n')).toEqual([
      expect.stringContaining('LOCK_PORT is "abc"'),
      expect.stringContaining('"locks" is neither a cluster'),
    ]);
  });

  it('shows what the build said if it fails', async () => {
    const { ended, text } = start(['lock'], { FIXTURE_BUILD_FAILS: 'yes' });
    expect(await ended).toEqual({ code: 1, signal: null });
    expect(text()).toContain('main.ts:7:3: ERROR: Unexpected "}"');
    expect(text()).toContain('✘ building lock-cluster');
  });

  it('stops the others if a node ends before it could serve', async () => {
    const { ended, text } = start(['lock'], { FIXTURE_FAILS: 'lock-2' });
    expect(await ended).toEqual({ code: 1, signal: null });
    expect(text()).toContain('lock-2 │ NODE_PORT holds "abc": a port is needed');
    expect(text()).toContain('✘ lock-2 ended with code 2.');
    expect(await isFree(base)).toBe(true);
    expect(await isFree(base + 2)).toBe(true);
  });
});

describe('running', () => {
  it('names a node that ends and how to start it again, and leaves the others alone', async () => {
    const { says } = start(['lock']);
    await says(/Ctrl-C stops all of it/);
    const pid = await pidOfNode('lock-2');
    process.kill(pid, 'SIGKILL');

    await says(/✘ lock-2 ended with signal SIGKILL\./);
    await says(new RegExp(`in another terminal: .*LOCK_PORT.*${base}.* npm start -- lock-2`));
    expect(await health(base)).toMatchObject({ node_id: 'lock-1' });
    expect(await isFree(base + 1)).toBe(true);
  });
});

describe('stopping', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('stops every node on %s', async (signal) => {
    const { says, kill, ended, text } = start(['lock']);
    await says(/Ctrl-C stops all of it/);
    kill(signal);

    expect(await ended).toEqual({ code: 0, signal: null });
    for (const id of ['lock-1', 'lock-2', 'lock-3']) {
      expect(text()).toContain(`${id} │ told to stop by SIGTERM`);
    }
    expect(await Promise.all([base, base + 1, base + 2].map(isFree))).toEqual([true, true, true]);
  });

  it('takes the two signals that one Ctrl-C is under npm for one', async () => {
    const { says, kill, ended, text } = start(['lock']);
    await says(/Ctrl-C stops all of it/);
    kill('SIGINT');
    kill('SIGINT');

    expect(await ended).toEqual({ code: 0, signal: null });
    expect(text()).not.toContain('killing');
  });

  it('kills when Ctrl-C is pressed again and again', async () => {
    const { says, kill, ended, text } = start(['lock'], { FIXTURE_STUBBORN: 'lock-2' });
    await says(/Ctrl-C stops all of it/);
    // As fast as a finger: a flood of signals would keep a busy machine from doing anything else.
    const pressing = setInterval(() => kill('SIGINT'), 50);
    await says(/killing the nodes/).finally(() => clearInterval(pressing));
    expect((await ended).signal).toBeNull();
    expect(text()).not.toContain('did not stop in time');
    expect(await isFree(base + 1)).toBe(true);
  });

  it('kills a node that does not stop in time', async () => {
    const { says, kill, ended, text } = start(['lock'], { FIXTURE_STUBBORN: 'lock-2' });
    await says(/Ctrl-C stops all of it/);
    kill('SIGTERM');

    expect(await ended).toEqual({ code: 1, signal: null });
    expect(text()).toContain('✘ lock-2 did not stop in time and was killed.');
    expect(await isFree(base + 1)).toBe(true);
  });

  it('does not call it a clean stop when a node ends with an error', async () => {
    const { says, kill, ended, text } = start(['lock'], { FIXTURE_STOPS_BADLY: 'lock-3' });
    await says(/Ctrl-C stops all of it/);
    kill('SIGTERM');

    expect(await ended).toEqual({ code: 1, signal: null });
    expect(text()).toContain('✘ lock-3 ended with code 1 when it was told to stop.');
  });

  it('leaves no node behind when it is killed itself', async () => {
    const { says, kill, ended } = start(['lock']);
    await says(/Ctrl-C stops all of it/);
    kill('SIGKILL');
    await ended;
    await Promise.all([base, base + 1, base + 2].map(untilFree));
  });

  it('stops while nodes are still waiting for a leader', async () => {
    const { says, kill, ended } = start(['lock'], { FIXTURE_HAS_NO_LEADER: 'lock-2' });
    // One that does not run yet would end by the signal, before it could stop by itself.
    for (const id of ['lock-1', 'lock-2', 'lock-3'])
      await says(new RegExp(`^${id} │ listening$`, 'm'));
    await says(/lock-3 serves/);
    kill('SIGINT');
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(await isFree(base + 1)).toBe(true);
  });
});

/** The fixture does not tell its pid over HTTP; it says it in its first line. */
async function pidOfNode(id: string): Promise<number> {
  const match = await launcher?.says(new RegExp(`^${id} │ pid (\\d+)$`, 'm'));
  return Number(match?.[1]);
}
