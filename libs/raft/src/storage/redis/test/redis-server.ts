import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import fs from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';

/** `TEST_REDIS_SERVER`, or the `redis-server` on the PATH, or none. */
export function findRedisServer(): string | undefined {
  const named = process.env['TEST_REDIS_SERVER'];
  if (named !== undefined && named !== '') return named;
  const directories = (process.env['PATH'] ?? '').split(delimiter);
  return directories.map((directory) => join(directory, 'redis-server')).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A Redis of our own, on a port of 127.0.0.1, which a test may kill and start again. */
export class RedisServer {
  readonly port: number;
  private readonly program: string;
  private readonly directory: string;
  private readonly settings: readonly string[];
  private running: ChildProcess | undefined;

  private constructor(
    program: string,
    port: number,
    directory: string,
    settings: readonly string[],
  ) {
    this.program = program;
    this.port = port;
    this.directory = directory;
    this.settings = settings;
  }

  static async start(program: string, settings: readonly string[] = durable): Promise<RedisServer> {
    const directory = await fs.mkdtemp(join(tmpdir(), 'quorate-redis-'));
    const server = new RedisServer(program, await freePort(), directory, settings);
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(settings = this.settings): Promise<void> {
    const { port, directory } = this;
    const fixed = ['--bind', '127.0.0.1', '--port', `${port}`, '--dir', directory, '--save', ''];
    const child = spawn(this.program, [...fixed, ...settings], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.running = child;
    const lines = createInterface({ input: child.stdout });
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}`)));
      lines.on('line', (line) => {
        if (line.includes('Ready to accept connections')) resolve();
      });
    });
  }

  /** kill -9: nothing is flushed that was not. */
  async kill(): Promise<void> {
    const child = this.running;
    this.running = undefined;
    if (child === undefined) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** What it had written down is lost. */
  async forgetEverything(): Promise<void> {
    await fs.rm(this.directory, { recursive: true });
    await fs.mkdir(this.directory);
  }

  async dispose(): Promise<void> {
    await this.kill();
    await fs.rm(this.directory, { recursive: true, force: true });
  }
}

const durable = ['--appendonly', 'yes', '--appendfsync', 'always'];

async function freePort(): Promise<number> {
  const probe = net.createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as net.AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
