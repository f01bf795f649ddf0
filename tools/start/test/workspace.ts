import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const tools = join(__dirname, '..', '..');

/** Stands where esbuild stands in the real workspace: every app becomes the fixture server. */
const buildFixture = `
  import { cpSync, mkdirSync } from 'node:fs';
  for (const app of process.argv.slice(2)) {
    if (process.env.FIXTURE_BUILD_FAILS) {
      console.error('main.ts:7:3: ERROR: Unexpected "}"');
      process.exit(1);
    }
    mkdirSync('apps/' + app + '/dist', { recursive: true });
    cpSync('fixture/server.mjs', 'apps/' + app + '/dist/main.mjs');
  }
`;

/** Makes a workspace in a folder of its own with the real launcher and fixture apps. */
export async function createWorkspace(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'quorate-start-'));
  await cp(join(tools, 'start', 'src'), join(root, 'tools', 'start', 'src'), { recursive: true });
  await cp(join(tools, 'setup', 'src'), join(root, 'tools', 'setup', 'src'), { recursive: true });
  await cp(join(__dirname, 'fixture'), join(root, 'fixture'), { recursive: true });
  await mkdir(join(root, 'tools', 'build', 'src'), { recursive: true });
  await writeFile(join(root, 'tools', 'build', 'src', 'main.mjs'), buildFixture);
  await mkdir(join(root, 'node_modules'));
  for (const path of ['package-lock.json', join('node_modules', '.package-lock.json')]) {
    await writeFile(join(root, path), JSON.stringify({ lockfileVersion: 3, packages: {} }));
  }
  return root;
}

export const removeWorkspace = (root: string): Promise<void> =>
  rm(root, { recursive: true, force: true, maxRetries: 3 });

export interface Launcher {
  readonly pid: number;
  /** Everything written so far. */
  readonly text: () => string;
  /** Resolves when the text matches, rejects when the launcher ends without it. */
  readonly says: (pattern: RegExp) => Promise<RegExpMatchArray>;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  readonly kill: (signal: NodeJS.Signals) => void;
}

/** Runs the launcher of a workspace as `npm start` does. */
export function startLauncher(
  root: string,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): Launcher {
  const main = join(root, 'tools', 'start', 'src', 'main.mjs');
  const child = spawn(process.execPath, [main, ...argv], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  let hasEnded = false;
  const watchers = new Set<() => void>();
  const wake = (): void => {
    for (const watcher of watchers) watcher();
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      wake();
    });
  }
  const ended: Launcher['ended'] = new Promise((resolve) => {
    child.once('close', (code, signal) => {
      hasEnded = true;
      wake();
      resolve({ code, signal });
    });
  });
  return {
    pid: child.pid ?? -1,
    text: () => text,
    ended,
    kill: (signal) => child.kill(signal),
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(text);
          if (match !== null) {
            watchers.delete(look);
            resolve(match);
          } else if (hasEnded) {
            watchers.delete(look);
            reject(new Error(`the launcher ended without saying ${String(pattern)}:\n${text}`));
          }
        };
        watchers.add(look);
        look();
      }),
  };
}

/**
 * The first of several ports in a row that nobody listens on now. They lie below those the system
 * gives to outgoing connections: one of these could take a port before its node does.
 */
export async function findFreePorts(count: number): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const base = randomInt(10_000, 30_000);
    const ports = Array.from({ length: count }, (_, index) => base + index);
    if ((await Promise.all(ports.map(isFree))).every((free) => free)) return base;
  }
  throw new Error(`no ${count} free ports in a row`);
}

/** Whether nobody listens on the port. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => {
      server.close(() => resolve(true));
    });
  });
}
