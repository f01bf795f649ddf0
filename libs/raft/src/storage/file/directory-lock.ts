import { randomUUID } from 'node:crypto';
import fs from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { StorageRefusal } from '../reports.ts';
import type { OnStorageReport } from '../reports.ts';

/** Held while a process uses a directory: two writers would tear each other's log apart. */
export interface DirectoryLock {
  /** Set by the holder: another process took the lock, so what the disk holds is no longer ours. */
  onLost: (detail: string) => void;
  release(): Promise<void>;
}

/** Who holds it, precisely enough to tell a living holder from another process with its number. */
interface Holder {
  readonly token: string;
  readonly pid: number;
  readonly host: string;
  /** Of the process, in ticks since the machine started: a process id alone is used again. */
  readonly started: string | undefined;
  /** Machine start and process-id namespace; process ids compare only where both are the same. */
  readonly world: string | undefined;
}

export interface LockTiming {
  readonly heartbeatMs: number;
  /** While it lasts, a lock whose holder cannot be looked up is watched for a heartbeat. */
  readonly watch: () => Promise<unknown>;
}

const usualTiming: LockTiming = { heartbeatMs: 500, watch: () => delay(3_000) };

/**
 * A file made with O_EXCL, for Node has no `flock`. Where the holder's process can be looked up (the
 * same machine start, the same container) that settles it. Where it cannot (another container on the
 * same volume, another machine), a living holder is known by its heartbeat: it touches the file.
 *
 * What a dead holder left behind has one heir. Two starters may both find it dead, and were each to
 * remove the lock and make its own, the second would remove the first one's. So the heir makes another
 * file by O_EXCL, whose name is the dead holder's token, and whoever comes second finds it there. The
 * heir then puts its own lock in the place of the dead one by a rename: the lock is never absent. An
 * heir may itself die before that; then it has an heir in turn.
 */
export async function lockDirectory(
  directory: string,
  report: OnStorageReport,
  timing: LockTiming = usualTiming,
): Promise<DirectoryLock> {
  const path = `${directory}/lock`;
  const own = await describeOwnProcess();
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    if (await tryCreate(path, own)) return holdLock(path, own, timing);
    const line = await readLine(path);
    const holder = line.at(-1);
    if (holder === undefined) continue;
    if (await isAlive(heldAt(path, line), holder, own, timing)) {
      throw new StorageRefusal(
        path,
        undefined,
        `process ${holder.pid} on ${holder.host} uses this directory`,
        'Stop that process, or give this node a directory of its own; remove the lock only when ' +
          'you are certain that no process uses the directory',
      );
    }
    if (!(await tryInherit(path, line, own))) continue;
    report({
      kind: 'lock-taken-over',
      detail: `process ${holder.pid} on ${holder.host} ended without releasing ${path}`,
    });
    return holdLock(path, own, timing);
  }
  throw new StorageRefusal(
    path,
    undefined,
    'several processes try to take this directory at once',
    'Start one of them',
  );
}

const attemptsMax = 5;

const heirOf = (path: string, { token }: Holder): string => `${path}.${token}.heir`;

/** The lock's holder and the heirs that follow from it; the last one has it, if it lives. */
async function readLine(path: string): Promise<readonly Holder[]> {
  const line: Holder[] = [];
  let holder = await readHolder(path);
  while (holder !== undefined) {
    line.push(holder);
    holder = await readHolder(heirOf(path, holder));
  }
  return line;
}

/** The file that the last of a line touches. */
function heldAt(path: string, line: readonly Holder[]): string {
  const before = line.at(-2);
  return before === undefined ? path : heirOf(path, before);
}

/** All of `line` are dead. False when another was quicker: then everything is to be looked at again. */
async function tryInherit(path: string, line: readonly Holder[], own: Holder): Promise<boolean> {
  const heir = heirOf(path, line.at(-1)!);
  if (!(await tryCreate(heir, own))) return false;
  const tokens = (holders: readonly Holder[]): string => holders.map(({ token }) => token).join();
  // Between the look and the claim another may have inherited, put its lock in place and removed its
  // claim. As long as the line still begins at the same dead lock, nobody has, and now nobody can.
  if (tokens(await readLine(path)) !== tokens([...line, own])) {
    await fs.unlink(heir).catch(() => undefined);
    return false;
  }
  const draft = await writeDraft(path, own);
  await fs.rename(draft, path);
  for (const dead of line) await fs.unlink(heirOf(path, dead)).catch(() => undefined);
  return true;
}

/** Put into place when it is written, so that nobody ever reads half a lock. */
async function writeDraft(path: string, own: Holder): Promise<string> {
  const draft = `${path}.${own.token}.draft`;
  await fs.writeFile(draft, JSON.stringify(own), { flag: 'wx' });
  return draft;
}

async function tryCreate(path: string, own: Holder): Promise<boolean> {
  const draft = await writeDraft(path, own);
  try {
    await fs.link(draft, path);
    return true;
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw failure;
  } finally {
    await fs.unlink(draft);
  }
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await fs.readFile(path, 'utf8')) as Holder;
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new StorageRefusal(
      path,
      undefined,
      `the lock cannot be read (${(failure as Error).message})`,
      'Remove it when you are certain that no process uses the directory',
    );
  }
}

async function isAlive(
  path: string,
  holder: Holder,
  own: Holder,
  timing: LockTiming,
): Promise<boolean> {
  if (holder.world !== undefined && holder.world === own.world) {
    const started = await processStart(holder.pid);
    return started !== undefined && started === holder.started;
  }
  if (holder.world === undefined && holder.host === own.host && own.world === undefined) {
    return holder.pid !== process.pid && processAnswers(holder.pid);
  }
  const before = await touched(path);
  await timing.watch();
  return before !== (await touched(path));
}

const touched = async (path: string): Promise<number | undefined> =>
  fs.stat(path).then(
    (stats) => stats.mtimeMs,
    () => undefined,
  );

function holdLock(path: string, own: Holder, timing: LockTiming): DirectoryLock {
  const beat = async (): Promise<void> => {
    const holder = await readHolder(path).catch(() => undefined);
    if (timer === undefined) return;
    if (holder?.token === own.token) {
      const now = new Date();
      await fs.utimes(path, now, now).catch(() => undefined);
      return;
    }
    clearInterval(timer);
    const taker = holder === undefined ? 'somebody removed it' : `process ${holder.pid} took it`;
    lock.onLost(`${path} is no longer ours: ${taker}`);
  };
  let timer: NodeJS.Timeout | undefined = setInterval(() => void beat(), timing.heartbeatMs);
  timer.unref();
  const lock: DirectoryLock = {
    onLost: () => undefined,
    release: async () => {
      clearInterval(timer);
      timer = undefined;
      const holder = await readHolder(path).catch(() => undefined);
      if (holder?.token === own.token) await fs.unlink(path).catch(() => undefined);
    },
  };
  return lock;
}

async function describeOwnProcess(): Promise<Holder> {
  return {
    token: randomUUID(),
    pid: process.pid,
    host: hostname(),
    started: await processStart(process.pid),
    world: await thisWorld(),
  };
}

async function thisWorld(): Promise<string | undefined> {
  try {
    const boot = await fs.readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    return `${boot.trim()} ${await fs.readlink('/proc/self/ns/pid')}`;
  } catch {
    return undefined;
  }
}

/** Field 22 of `/proc/<pid>/stat`; the name before it may hold spaces and brackets. */
async function processStart(pid: number): Promise<string | undefined> {
  try {
    const stat = await fs.readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

function processAnswers(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (failure) {
    return (failure as NodeJS.ErrnoException).code === 'EPERM';
  }
}
