import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { findRedisServer, installRedisServer } from './redis-install.mjs';
import { answersPing } from './redis-ping.mjs';

/**
 * The Redis the tests may use. `url` is one that runs; `server` is the program, for suites that stop
 * and start a Redis of their own.
 *
 * @typedef {{ url: string | undefined, server: string | undefined, from: string,
 *   stop: () => Promise<void> }} Redis
 */

const startMs = 5_000;
const startAttempts = 3;

/** @returns {Promise<number>} */
function findFreePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  });
}

/**
 * Starts a server that keeps nothing, on a port of its own.
 *
 * @param {string} program
 * @returns {Promise<{ url: string, stop: () => Promise<void> } | undefined>}
 */
async function tryToStart(program) {
  const port = await findFreePort();
  const folder = await mkdtemp(join(tmpdir(), 'quorate-redis-'));
  const place = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder];
  const child = spawn(program, [...place, '--save', '', '--appendonly', 'no'], {
    stdio: 'ignore',
    // Ctrl-C in the terminal shall not take the server away from under tests that still end.
    detached: process.platform !== 'win32',
  });
  const ended = new Promise((resolve) => {
    child.once('error', resolve);
    child.once('close', resolve);
  });
  let running = true;
  void ended.then(() => {
    running = false;
  });
  const endWithUs = () => {
    child.kill('SIGKILL');
  };
  process.once('exit', endWithUs);
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
    process.off('exit', endWithUs);
    await rm(folder, { recursive: true, force: true });
  };

  const url = `redis://127.0.0.1:${String(port)}`;
  const deadlineMs = performance.now() + startMs;
  while (running && performance.now() < deadlineMs) {
    if (await answersPing(url)) return { url, stop };
    await pause(20);
  }
  await stop();
  return undefined;
}

/**
 * Finds a Redis: the one the user names, else a server on the PATH, else one that can be installed
 * without asking.
 *
 * @param {{ root: string, env: NodeJS.ProcessEnv, steps: import('./setup.mjs').Steps }} options
 * @returns {Promise<Redis>}
 */
export async function findRedis({ root, env, steps }) {
  const nothingToStop = () => Promise.resolve();
  const server = findRedisServer(env);
  const named = env['REDIS_URL'];
  if (named !== undefined && named !== '' && (await answersPing(named))) {
    return { url: named, server, from: 'REDIS_URL', stop: nothingToStop };
  }

  const program = server ?? (await installRedisServer({ root, env, steps }));
  for (let attempt = 0; program !== undefined && attempt < startAttempts; attempt += 1) {
    // Somebody may take the port between our finding it and the server's listening on it.
    const started = await tryToStart(program);
    if (started !== undefined) return { ...started, server: program, from: program };
  }
  return { url: undefined, server: undefined, from: 'nowhere', stop: nothingToStop };
}
