import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/**
 * Cleans up after a test process, however that ends: a small process of its own holds the other end
 * of a pipe, and when the pipe closes (exit, crash, kill -9) it kills the processes and
 * unmounts the disks that were entrusted to it and not given back. A process is known by its id and
 * the time of its start, so that a number the system has used again is left alone.
 */
const reaperProgram = `
const { readFileSync } = require('node:fs');
const { spawnSync } = require('node:child_process');
const startOf = (pid) => {
  try {
    const stat = readFileSync('/proc/' + pid + '/stat', 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch { return undefined; }
};
const pids = new Map();
const mounts = new Set();
let rest = '';
process.stdin.on('data', (chunk) => {
  const lines = (rest + chunk).split('\\n');
  rest = lines.pop();
  for (const line of lines) {
    const [what, value] = [line.slice(0, 2), line.slice(2)];
    if (what === '+p') pids.set(Number(value), startOf(value));
    if (what === '-p') pids.delete(Number(value));
    if (what === '+m') mounts.add(value);
    if (what === '-m') mounts.delete(value);
  }
});
process.stdin.on('end', () => {
  for (const [pid, start] of pids) {
    if (start !== undefined && startOf(pid) !== start) continue;
    try { process.kill(pid, 'SIGKILL'); } catch {}
  }
  for (const mount of mounts) spawnSync('umount', ['-l', mount]);
  process.exit(0);
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
`;

class Reaper {
  private child: ChildProcess | undefined;
  private entrusted = 0;

  take(what: 'p' | 'm', value: number | string): void {
    this.child ??= this.start();
    this.entrusted++;
    this.child.stdin?.write(`+${what}${value}\n`);
  }

  giveBack(what: 'p' | 'm', value: number | string): void {
    const { child } = this;
    if (child === undefined) return;
    child.stdin?.write(`-${what}${value}\n`);
    if (--this.entrusted === 0) void this.release(child);
  }

  /** Without anything to watch it goes, so that it keeps no test runner waiting. */
  private async release(child: ChildProcess): Promise<void> {
    this.child = undefined;
    child.stdin?.end();
    await once(child, 'exit');
  }

  private start(): ChildProcess {
    const child = spawn(process.execPath, ['-e', reaperProgram], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    // The pipe and the child must not keep the test process alive: its end is what they wait for.
    child.unref();
    (child.stdin as unknown as { unref?: () => void }).unref?.();
    return child;
  }
}

const reaper = new Reaper();

export const entrustProcess = (pid: number): void => reaper.take('p', pid);
export const releaseProcess = (pid: number): void => reaper.giveBack('p', pid);
export const entrustMount = (path: string): void => reaper.take('m', path);
export const releaseMount = (path: string): void => reaper.giveBack('m', path);
