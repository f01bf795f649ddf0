import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { entrustProcess, releaseProcess } from './reaper.ts';

export interface ProcessSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const outputCharsMax = 256 * 1024;

/** One real process: started, stopped, frozen and killed by its id, with what it said kept. */
export class NodeProcess {
  readonly name: string;
  readonly pid: number;
  readonly exited: Promise<Exit>;
  private readonly child: ChildProcess;
  private outputText = '';
  private exitSeen: Exit | undefined;

  private constructor(name: string, child: ChildProcess, pid: number) {
    this.name = name;
    this.child = child;
    this.pid = pid;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => this.collect(text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => this.collect(text));
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        releaseProcess(pid);
        this.exitSeen = { code, signal };
        resolve(this.exitSeen);
      });
    });
  }

  static async start(spec: ProcessSpec): Promise<NodeProcess> {
    const child = spawn(spec.command, [...spec.args], {
      env: { PATH: process.env['PATH'] ?? '', ...spec.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
    });
    await once(child, 'spawn');
    const { pid } = child;
    if (pid === undefined) throw new Error(`${spec.name} started without a process id`);
    entrustProcess(pid);
    return new NodeProcess(spec.name, child, pid);
  }

  get exit(): Exit | undefined {
    return this.exitSeen;
  }

  /** Both streams in the order in which they arrived; the beginning is dropped when it grows long. */
  get output(): string {
    return this.outputText;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.exitSeen === undefined) this.child.kill(signal);
  }

  /** `kill -9`: nothing of the process runs any more once this resolves. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited;
  }

  freeze(): void {
    this.signal('SIGSTOP');
  }

  thaw(): void {
    this.signal('SIGCONT');
  }

  /** Asks it to end, and kills it when it has not within the time given. True: it ended by itself. */
  async stop(timeoutMs = 5_000): Promise<boolean> {
    this.thaw();
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), timeoutMs);
    const { signal } = await this.exited;
    clearTimeout(timer);
    return signal !== 'SIGKILL';
  }

  private collect(text: string): void {
    this.outputText = (this.outputText + text).slice(-outputCharsMax);
  }
}
