import { access, readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import {
  addRedis,
  createWorkspace,
  removeWorkspace,
  runTests,
  type Workspace,
} from './workspace.ts';

jest.setTimeout(30_000);

let workspace: Workspace;
beforeEach(async () => {
  workspace = await createWorkspace();
});
afterEach(() => removeWorkspace(workspace));

const run = (env: Readonly<Record<string, string>> = {}, argv: readonly string[] = []) =>
  runTests(workspace, argv, env);

describe('npm test', () => {
  it('ends with the sum of all projects', async () => {
    const { code, lines } = await run();
    expect(lines.at(-1)).toBe('44 passed, 0 failed, 2 skipped');
    expect(code).toBe(0);
  });

  it('runs only the projects that are named', async () => {
    const { lines } = await run({}, ['raft', 'apps/lock-cluster', 'start']);
    const called = /^nx run-many -t test .*=raft,lock-cluster,tool-start /;
    expect(lines).toContainEqual(expect.stringMatching(called));
  });

  it('refuses a project that does not exist instead of testing nothing', async () => {
    const { code, lines } = await run({}, ['raft', 'rafft']);
    expect(lines).toEqual(['There is no project "rafft".']);
    expect(code).toBe(2);
  });

  it('writes no colours into a log', async () => {
    const { lines } = await run();
    expect(lines).toContain('colour false');
  });

  it('fails when a test fails', async () => {
    const { code, lines } = await run({ FIXTURE_RUN: 'fails' });
    expect(lines.at(-1)).toBe('41 passed, 3 failed, 2 skipped');
    expect(code).toBe(1);
  });

  it('is never green when the run fails for another reason', async () => {
    const { code, lines } = await run({ FIXTURE_RUN: 'crashes' });
    expect(lines.at(-1)).toBe('44 passed, 1 failed, 2 skipped');
    expect(code).toBe(1);
  });

  it('ends a run that hangs and says where', async () => {
    const { code, lines } = await run({ FIXTURE_RUN: 'hangs', TEST_TIMEOUT_MS: '1000' });
    expect(lines).toContain('✘ raft broke off during: wal.test.ts');
    expect(lines).toContain('The run timed out.');
    expect(lines.at(-1)).toMatch(/ [12] failed, /);
    expect(code).toBe(1);
  });
});

describe('a project that goes on after its tests', () => {
  it('is ended and named', async () => {
    const { code, lines } = await run({ FIXTURE_RUN: 'spins', TEST_LINGER_MS: '300' });
    expect(lines).toContain('✘ raft did not end after its tests: something they began goes on');
    expect(lines.at(-1)).toBe('11 passed, 1 failed, 0 skipped');
    expect(code).toBe(1);
  });
});

describe('the Redis of the tests', () => {
  it('is the server on the PATH, started for this run and stopped after it', async () => {
    const server = await addRedis(workspace);
    const { code, lines } = await run();

    const started = lines.find((line) => line.startsWith('redis ')) ?? '';
    const port = /^redis redis:\/\/127\.0\.0\.1:(\d+) /.exec(started)?.[1];
    expect(started).toBe(`redis redis://127.0.0.1:${port} ${server}`);
    expect(await readFile(join(workspace.bin, 'stopped'), 'utf8')).toBe(port);
    expect(code).toBe(0);
  });

  it('is the one that REDIS_URL names, if it answers', async () => {
    await addRedis(workspace);
    const named = createServer((socket) => socket.once('data', () => socket.end('+PONG\r\n')));
    await new Promise<void>((resolve) => named.listen(0, '127.0.0.1', resolve));
    const url = `redis://127.0.0.1:${(named.address() as AddressInfo).port}`;
    try {
      const { lines } = await run({ REDIS_URL: url });
      expect(lines).toContainEqual(expect.stringMatching(`^redis ${url} `));
      await expect(access(join(workspace.bin, 'stopped'))).rejects.toThrow('ENOENT');
    } finally {
      named.close();
    }
  });

  it('is not the one that REDIS_URL names if nothing answers there', async () => {
    const server = await addRedis(workspace);
    const { lines } = await run({ REDIS_URL: 'redis://127.0.0.1:1' });
    expect(lines).toContain('! No Redis answers at REDIS_URL, so it is not used.');
    expect(lines).toContain(`  Redis for the tests: ${server}`);
  });

  it('may be missing on a desk, which is said in one line', async () => {
    const { code, lines } = await run();
    expect(lines.filter((line) => line.includes('NO REDIS'))).toHaveLength(1);
    expect(lines).toContain('redis undefined undefined');
    expect(code).toBe(0);
  });

  it('may not be missing under CI', async () => {
    const { code, lines } = await run({ CI: 'true' });
    expect(lines.at(-1)).toBe('44 passed, 1 failed, 2 skipped');
    expect(code).toBe(1);
  });
});
