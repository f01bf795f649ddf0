import { spawn } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const tools = join(__dirname, '..', '..');

/**
 * Stands where Nx stands in the real workspace: shows what it was given, and behaves as FIXTURE_RUN
 * says.
 */
const nxFixture = `
  const { writeFileSync } = require('node:fs');
  const { TEST_RESULTS_DIR, TEST_REDIS_URL, TEST_REDIS_SERVER, FIXTURE_RUN } = process.env;
  const report = (project, results) => {
    const nothing = { pid: process.pid, passed: 0, failed: 0, skipped: 0, running: [] };
    const all = { project, ...nothing, complete: true, ended: true, ...results };
    writeFileSync(TEST_RESULTS_DIR + '/' + project + '.json', JSON.stringify(all));
  };
  console.log('nx ' + process.argv.slice(2).join(' '));
  console.log('colour ' + process.env.FORCE_COLOR);
  console.log('redis ' + TEST_REDIS_URL + ' ' + TEST_REDIS_SERVER);
  report('raft', { passed: 40, skipped: 2 });
  report('mesi', FIXTURE_RUN === 'fails' ? { passed: 1, failed: 3 } : { passed: 4 });
  if (FIXTURE_RUN === 'fails') process.exitCode = 1;
  if (FIXTURE_RUN === 'crashes') process.exitCode = 134;
  if (FIXTURE_RUN === 'spins') {
    report('raft', { passed: 7, ended: false });
    for (;;);
  }
  if (FIXTURE_RUN === 'hangs') {
    report('raft', { passed: 7, running: ['wal.test.ts'], complete: false, ended: false });
    setInterval(() => undefined, 1_000);
  }
`;

/** Answers as a Redis does, and leaves a file behind when it is told to stop. */
const redisFixture = `#!${process.execPath}
  const { createServer } = require('node:net');
  const { writeFileSync } = require('node:fs');
  const port = Number(process.argv[process.argv.indexOf('--port') + 1]);
  createServer((socket) => socket.on('data', () => socket.end('+PONG\\r\\n'))).listen(port, '127.0.0.1');
  process.on('SIGTERM', () => {
    writeFileSync(__dirname + '/stopped', String(port));
    process.exit(0);
  });
`;

const projects = {
  'apps/lock-cluster': 'lock-cluster',
  'libs/raft': 'raft',
  'tools/start': 'tool-start',
};

export interface Workspace {
  readonly root: string;
  /** The only folder on the PATH. */
  readonly bin: string;
}

/** Makes a workspace in a folder of its own with the real test runner and fixture programs. */
export async function createWorkspace(): Promise<Workspace> {
  const root = await mkdtemp(join(tmpdir(), 'quorate-test-'));
  await cp(join(tools, 'test', 'src'), join(root, 'tools', 'test', 'src'), { recursive: true });
  await cp(join(tools, 'setup', 'src'), join(root, 'tools', 'setup', 'src'), { recursive: true });
  const nx = join(root, 'node_modules', 'nx');
  await mkdir(nx, { recursive: true });
  await writeFile(join(nx, 'package.json'), JSON.stringify({ bin: { nx: './nx.cjs' } }));
  await writeFile(join(nx, 'nx.cjs'), nxFixture);
  for (const path of ['package-lock.json', join('node_modules', '.package-lock.json')]) {
    await writeFile(join(root, path), JSON.stringify({ lockfileVersion: 3, packages: {} }));
  }
  for (const [path, name] of Object.entries(projects)) {
    await mkdir(join(root, path), { recursive: true });
    await writeFile(join(root, path, 'package.json'), JSON.stringify({ nx: { name } }));
  }
  const bin = join(root, 'bin');
  await mkdir(bin);
  return { root, bin };
}

export const removeWorkspace = ({ root }: Workspace): Promise<void> =>
  rm(root, { recursive: true, force: true, maxRetries: 3 });

export async function addRedis({ bin }: Workspace): Promise<string> {
  const path = join(bin, 'redis-server');
  await writeFile(path, redisFixture);
  await chmod(path, 0o755);
  return path;
}

/** Runs the test runner of a workspace as `npm test` does. */
export async function runTests(
  { root, bin }: Workspace,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ code: number | null; lines: readonly string[] }> {
  const main = join(root, 'tools', 'test', 'src', 'main.mjs');
  const child = spawn(process.execPath, [main, ...argv], {
    env: { PATH: bin, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [out, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, lines: `${errors}${out}`.trim().split('\n') };
}
