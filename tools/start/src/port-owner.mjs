import { readFile, readdir, readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { runQuietly } from './setup.mjs';

/**
 * Who listens on a port, as `node (pid 4711)`: a courtesy to the reader, so whatever goes wrong here
 * only leaves the name out.
 *
 * @param {number} port
 * @returns {Promise<string | undefined>}
 */
export async function findPortOwner(port) {
  try {
    if (process.platform === 'linux') return await findOnLinux(port);
    if (process.platform === 'win32') return await findOnWindows(port);
    return await findWithLsof(port);
  } catch {
    return undefined;
  }
}

const listenState = '0A';

/**
 * The inodes of the listening sockets on a port, from a `/proc/net/tcp` table.
 *
 * @param {string} table
 * @param {number} port
 */
export function listeningInodes(table, port) {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === listenState && local?.split(':')[1] === wanted)
    .map((columns) => columns[9] ?? '');
}

/** @param {number} port */
async function findOnLinux(port) {
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFile(path, 'utf8').catch(() => '')),
  );
  const inodes = tables.flatMap((table) => listeningInodes(table, port));
  const sockets = new Set(inodes.map((inode) => `socket:[${inode}]`));
  if (sockets.size === 0) return undefined;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    // A process of another user, or one that has just ended, cannot be looked into.
    const names = await readdir(`/proc/${pid}/fd`).catch(() => []);
    const links = await Promise.all(
      names.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')),
    );
    if (!links.some((link) => sockets.has(link))) continue;
    // The command, not `comm`: that is the name of a thread, and Node calls its first MainThread.
    const [command = ''] = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
    return describe(basename(command), pid);
  }
  return undefined;
}

/** @param {number} port */
async function findWithLsof(port) {
  const output = await runQuietly(
    { file: 'lsof', args: ['-nP', `-iTCP:${String(port)}`, '-sTCP:LISTEN', '-Fpc'] },
    { cwd: '/' },
  );
  const pid = /^p(\d+)$/m.exec(output)?.[1];
  const name = /^c(.+)$/m.exec(output)?.[1];
  return pid === undefined ? undefined : describe(name, pid);
}

/** @param {number} port */
async function findOnWindows(port) {
  const netstat = await runQuietly(
    { file: 'netstat', args: ['-ano', '-p', 'TCP'] },
    { cwd: process.cwd() },
  );
  const pid = listeningPid(netstat, port);
  if (pid === undefined) return undefined;
  const tasks = await runQuietly(
    { file: 'tasklist', args: ['/FI', `PID eq ${pid}`, '/FO', 'CSV', '/NH'] },
    { cwd: process.cwd() },
  );
  return describe(/^"([^"]+)"/m.exec(tasks)?.[1], pid);
}

/**
 * The words of netstat are translated, its columns are not: a listener's remote port is 0.
 *
 * @param {string} netstat
 * @param {number} port
 */
export function listeningPid(netstat, port) {
  return netstat
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .find(([, local, remote]) => local?.endsWith(`:${String(port)}`) && remote?.endsWith(':0'))
    ?.at(-1);
}

/**
 * @param {string | undefined} name
 * @param {string} pid
 */
const describe = (name, pid) =>
  name === undefined || name === '' ? `process ${pid}` : `${name} (pid ${pid})`;
