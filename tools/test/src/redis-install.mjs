import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runQuietly } from './setup.mjs';

/** Valkey is what several distributions ship under this name now; it speaks the same protocol. */
const programs = ['redis-server', 'valkey-server'];

/**
 * @param {string} name
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | undefined} the program's path
 */
function findProgram(name, env) {
  const file = process.platform === 'win32' ? `${name}.exe` : name;
  return (env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, file))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** @param {NodeJS.ProcessEnv} env */
export const findRedisServer = (env) =>
  programs.map((name) => findProgram(name, env)).find((path) => path !== undefined);

/**
 * The commands that install Redis here without a question: a package manager that root may use, or
 * Homebrew, which belongs to its user.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {boolean} isRoot
 * @returns {readonly { file: string, args: readonly string[] }[]}
 */
export function installCommands(env, isRoot) {
  /** @param {string} name */
  const has = (name) => findProgram(name, env) !== undefined;
  if (isRoot && has('apt-get')) {
    return [
      { file: 'apt-get', args: ['update', '-qq'] },
      {
        file: 'apt-get',
        args: ['install', '-y', '-qq', '--no-install-recommends', 'redis-server'],
      },
    ];
  }
  if (isRoot && has('apk')) return [{ file: 'apk', args: ['add', '--quiet', 'redis'] }];
  if (has('brew')) return [{ file: 'brew', args: ['install', '--quiet', 'redis'] }];
  return [];
}

/**
 * Installs Redis where that is possible without asking.
 *
 * @param {{ root: string, env: NodeJS.ProcessEnv, steps: import('./setup.mjs').Steps }} options
 * @returns {Promise<string | undefined>} the path of the server, if there is one now
 */
export async function installRedisServer({ root, env, steps }) {
  const commands = installCommands(env, process.getuid?.() === 0);
  const [first] = commands;
  if (first === undefined) return undefined;
  try {
    await steps.run(`installing a Redis for the tests (${first.file})`, async () => {
      for (const command of commands) {
        // A run level of 1 keeps Debian from starting the server as a service after installing it.
        const quiet = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
        await runQuietly(command, { cwd: root, env: { ...env, ...quiet } });
      }
      return undefined;
    });
  } catch {
    return undefined;
  }
  return findRedisServer(env);
}
