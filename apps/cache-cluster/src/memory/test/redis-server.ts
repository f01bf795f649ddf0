import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { HeldPort, NodeProcess, waitUntil } from '@quorate/testkit';

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

/** A Redis of our own on a port of the system's choosing, which a test stops and starts at will. */
export class RedisServer {
  readonly port: number;
  readonly #program: string;
  readonly #settings: readonly string[];
  readonly #directory = mkdtempSync(join(tmpdir(), 'quorate-redis-'));
  #process: NodeProcess | undefined;

  private constructor(program: string, port: number, settings: readonly string[]) {
    this.#program = program;
    this.port = port;
    this.#settings = settings;
  }

  static async start(program: string, settings: readonly string[] = []): Promise<RedisServer> {
    const held = await HeldPort.take();
    await held.release();
    const server = new RedisServer(program, held.port, settings);
    await server.start();
    return server;
  }

  async start(): Promise<void> {
    const fixed = ['--bind', '127.0.0.1', '--port', `${this.port}`, '--save', ''];
    const started = await NodeProcess.start({
      name: 'redis',
      command: this.#program,
      args: [...fixed, '--dir', this.#directory, '--appendonly', 'yes', ...this.#settings],
      env: {},
    });
    this.#process = started;
    await waitUntil('Redis', () => started.output.includes('Ready to accept connections'), {
      timeoutMs: 10_000,
    });
  }

  /** As a machine that hangs: connections stand, and nothing is answered. */
  freeze(): void {
    this.#process?.freeze();
  }

  thaw(): void {
    this.#process?.thaw();
  }

  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  async dispose(): Promise<void> {
    await this.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
