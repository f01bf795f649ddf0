import { existsSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';

/**
 * How to call npm here. An npm that started this process says where it lives; else npm's own script
 * is looked for beside Node, because on Windows `npm` is a batch file that cannot be started without
 * a shell.
 *
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {{ file: string, args: readonly string[], shell?: boolean }}
 */
export function npmCommand(args, env) {
  const started = env['npm_execpath'];
  if (started !== undefined && basename(started) === 'npm-cli.js' && existsSync(started)) {
    return { file: env['npm_node_execpath'] ?? process.execPath, args: [started, ...args] };
  }
  const besideNode = [
    join(dirname(process.execPath), 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    join(dirname(process.execPath), '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
  ].find((path) => existsSync(path));
  if (besideNode !== undefined) return { file: process.execPath, args: [besideNode, ...args] };
  return { file: 'npm', args, shell: process.platform === 'win32' };
}

/**
 * `npm ci` begins by deleting `node_modules`. Windows refuses to delete a running program, and after
 * the first install that program is the Node this very process runs on; there npm brings the folder
 * up to date in place, without touching the lock file.
 *
 * @param {string} root
 */
export function installArguments(root) {
  const ownNode = !relative(join(root, 'node_modules'), process.execPath).startsWith('..');
  const install = process.platform === 'win32' && ownNode ? ['install', '--no-save'] : ['ci'];
  return [...install, '--no-audit', '--no-fund', '--loglevel=error'];
}
