import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { findNode, withWorkspacePath } from './setup.mjs';

/**
 * How the cores are shared: as many projects at a time as there are pairs of cores, never fewer than
 * two, since some tests mostly wait; the rest of the cores go to the suites of a project.
 *
 * @param {number} cores
 */
export function shareCores(cores) {
  const projects = Math.max(2, Math.ceil(cores / 2));
  return { projects, workers: Math.max(1, Math.floor(cores / projects)) };
}

/**
 * The script behind the `nx` command; where it lies has changed between versions, so its package is
 * asked.
 *
 * @param {string} root
 */
function findNx(root) {
  const folder = join(root, 'node_modules', 'nx');
  /** @type {{ bin: { nx: string } }} */
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return join(folder, bin.nx);
}

/** @param {number} pid @param {NodeJS.Signals} signal */
function signalGroup(pid, signal) {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch {
    // The group has ended already.
  }
}

/**
 * Runs the test target of the projects (all, if none is named) and shows what they write.
 *
 * Nx, Jest and the processes under test share a process group, so that a run which hangs can be ended
 * with all that belongs to it.
 *
 * @param {{ root: string, projects: readonly string[], env: NodeJS.ProcessEnv, timeoutMs: number }}
 *   options
 * @returns {Promise<'passed' | 'failed' | 'timed out' | 'interrupted'>}
 */
export function runProjectTests({ root, projects, env, timeoutMs }) {
  const share = shareCores(availableParallelism());
  const args = [
    findNx(root),
    ...['run-many', '-t', 'test', `--parallel=${String(share.projects)}`],
    ...(projects.length === 0 ? [] : [`--projects=${projects.join(',')}`]),
    ...['--', '--passWithNoTests', `--maxWorkers=${String(share.workers)}`],
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(findNode(root), args, {
      cwd: root,
      env: withWorkspacePath(root, env),
      // A pipe and not the terminal itself: on a terminal Nx runs every task in another pseudo
      // terminal, which cannot be made in a process group of our own.
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    });
    child.stdout.pipe(process.stdout, { end: false });
    child.stderr.pipe(process.stderr, { end: false });
    const { pid } = child;
    /** @type {'timed out' | 'interrupted' | undefined} */
    let cut;
    /** @param {'timed out' | 'interrupted'} why @param {NodeJS.Signals} signal */
    const end = (why, signal) => {
      cut ??= why;
      if (pid !== undefined) signalGroup(pid, signal);
    };
    const timer = setTimeout(() => {
      end('timed out', 'SIGKILL');
    }, timeoutMs);
    const interrupt = () => {
      end('interrupted', cut === undefined ? 'SIGTERM' : 'SIGKILL');
    };
    process.on('SIGINT', interrupt);
    process.on('SIGTERM', interrupt);
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', interrupt);
      // What a test started and forgot ends here too.
      if (pid !== undefined) signalGroup(pid, 'SIGKILL');
      resolve(cut ?? (code === 0 ? 'passed' : 'failed'));
    });
  });
}
