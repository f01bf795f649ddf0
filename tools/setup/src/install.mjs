import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runQuietly } from './command.mjs';
import { installArguments, npmCommand } from './npm.mjs';

/**
 * @typedef {{ version?: string, integrity?: string, resolved?: string, optional?: boolean,
 *   link?: boolean }} LockedPackage
 * @typedef {Readonly<Record<string, LockedPackage>>} LockedPackages
 */

/**
 * What a lock file names as installed below `node_modules` (the other keys are our own folders).
 *
 * @param {string} path
 * @returns {Promise<LockedPackages | undefined>} undefined if there is no such file
 */
async function readLockedPackages(path) {
  let text;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
  /** @type {unknown} */
  const lock = JSON.parse(text);
  return /** @type {{ packages?: LockedPackages }} */ (lock).packages ?? {};
}

/**
 * Whether what npm last installed is what the lock file asks for. Contents are compared, not times:
 * a checkout touches every file, and reinstalling costs half a minute. Optional packages may be
 * missing, since most are made for another platform; what is there has to be the right one.
 *
 * @param {LockedPackages} wanted
 * @param {LockedPackages} installed
 */
export function isInstalled(wanted, installed) {
  return Object.entries(wanted).every(([path, want]) => {
    if (!path.startsWith('node_modules/')) return true;
    const have = installed[path];
    if (have === undefined) return want.optional === true;
    return (
      have.version === want.version &&
      have.integrity === want.integrity &&
      have.link === want.link &&
      (want.link !== true || have.resolved === want.resolved)
    );
  });
}

/**
 * Installs the dependencies if they are missing or not those of the lock file.
 *
 * npm writes `node_modules/.package-lock.json` last, so an install that was interrupted counts as
 * none.
 *
 * @param {{ root: string, steps: import('./steps.mjs').Steps, env: NodeJS.ProcessEnv,
 *   signal?: AbortSignal }} options
 */
export async function ensureInstalled({ root, steps, env, signal }) {
  const wanted = await readLockedPackages(join(root, 'package-lock.json'));
  const installed = await readLockedPackages(join(root, 'node_modules', '.package-lock.json'));
  if (wanted === undefined) throw new Error(`${join(root, 'package-lock.json')} is missing`);
  if (installed !== undefined && isInstalled(wanted, installed)) return;

  const args = installArguments(root);
  await steps.run(`installing dependencies (npm ${args[0] ?? ''})`, async () => {
    await runQuietly(npmCommand(args, env), { cwd: root, env, signal });
    return undefined;
  });
}
