import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { accessSync, constants } from 'node:fs';
import { HeldPort, NodeProcess, waitUntil } from '@quorate/testkit';

/** Something that answers, and the processes behind it. */
export interface Server {
  readonly name: string;
  /** Where the load goes: the leader, where there is one. */
  readonly port: number;
  readonly ports: readonly number[];
  /** Of the process that the load goes to. */
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

const bootMs = 30_000;

export async function freePorts(count: number): Promise<readonly number[]> {
  const held = await Promise.all(Array.from({ length: count }, () => HeldPort.take()));
  await Promise.all(held.map((port) => port.release()));
  return held.map(({ port }) => port);
}

export function findProgram(name: string, path = process.env['PATH'] ?? ''): string | undefined {
  return path
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

export interface Member {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts processes with a folder for their data; `stop` ends them and forgets it. */
export async function startMembers(
  members: (folder: string) => readonly Member[],
): Promise<{ readonly processes: readonly NodeProcess[]; readonly stop: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'quorate-bench-'));
  const processes: NodeProcess[] = [];
  for (const { name, command, args, env = {} } of members(folder)) {
    processes.push(await NodeProcess.start({ name, command, args, env }));
  }
  return {
    processes,
    async stop() {
      await Promise.all(processes.map((one) => one.stop()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Waits for an answer to be had; what the processes said is shown when it does not come. */
export async function untilAnswers<T>(
  what: string,
  processes: readonly NodeProcess[],
  look: () => Promise<T | undefined>,
): Promise<T> {
  try {
    return await waitUntil(what, () => look().catch(() => undefined), { timeoutMs: bootMs });
  } catch (error) {
    const said = processes.map((one) => `${one.name}: ${one.output.slice(-1_000)}`).join('\n');
    throw new Error(`${what} did not come up:\n${said}`, { cause: error });
  }
}

const ticksPerSecond = 100;

/** Processor time that a process has used so far; undefined where the system does not tell. */
export function cpuSeconds(pid: number): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  } catch {
    return undefined;
  }
}

/** Calls to read and to write that a process has made so far; undefined where the system does not tell. */
export function ioCalls(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/io`, 'utf8');
    return Number(/syscr: (\d+)/.exec(text)![1]) + Number(/syscw: (\d+)/.exec(text)![1]);
  } catch {
    return undefined;
  }
}
