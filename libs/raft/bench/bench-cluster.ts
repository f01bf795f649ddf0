import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Three node processes on loopback, each with a folder of its own, for one benchmark. */
export class BenchCluster {
  readonly nodes = new Map<string, ChildProcess>();
  readonly #directory: string;
  #members: { readonly id: string; readonly host: string; readonly port: number }[] = [];

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** `file` is run for each node with `--node <id> <directory>`. */
  static async start(
    file: string,
    options: { readonly cpuProfiles?: string | undefined; readonly dataRoot?: string } = {},
  ): Promise<BenchCluster> {
    const root = options.dataRoot ?? tmpdir();
    const cluster = new BenchCluster(await mkdtemp(join(root, 'raft-bench-')));
    const members = await Promise.all(
      ['a', 'b', 'c'].map(async (id) => {
        const child = cluster.#fork(file, id, options.cpuProfiles);
        const { port } = await answer<{ kind: string; port: number }>(child, 'listening');
        return { id, host: '127.0.0.1', port };
      }),
    );
    cluster.#members = members;
    await cluster.ask({ kind: 'members', members }, 'up');
    return cluster;
  }

  /** As a crash does. */
  async kill(id: string): Promise<void> {
    const child = this.nodes.get(id)!;
    this.nodes.delete(id);
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** Where it stood before: the same folder and port. */
  async restart(file: string, id: string): Promise<string> {
    const { port } = this.#members.find((member) => member.id === id)!;
    const child = this.#fork(file, id, undefined, port);
    await answer(child, 'listening');
    child.send({ kind: 'members', members: this.#members });
    await answer(child, 'up');
    return id;
  }

  /** Waits until a node says something of its own accord. */
  hear<Answer>(id: string, kind: string): Promise<Answer> {
    return answer<Answer & { kind: string }>(this.nodes.get(id)!, kind);
  }

  /** Tells all nodes, and waits until all have answered. */
  async ask<Answer>(message: object, answerKind: string): Promise<Map<string, Answer>> {
    const answers = await Promise.all(
      [...this.nodes].map(async ([id, child]) => {
        const answered = answer<Answer & { kind: string }>(child, answerKind);
        child.send(message);
        return [id, await answered] as const;
      }),
    );
    return new Map(answers);
  }

  async askOne<Answer>(id: string, message: object, answerKind: string): Promise<Answer> {
    const child = this.nodes.get(id)!;
    const answered = answer<Answer & { kind: string }>(child, answerKind);
    child.send(message);
    return answered;
  }

  async stop(): Promise<void> {
    await Promise.all(
      [...this.nodes.values()].map(async (child) => {
        const gone = once(child, 'exit');
        child.send({ kind: 'stop' });
        await gone;
      }),
    );
    await rm(this.#directory, { recursive: true, force: true });
  }

  #fork(file: string, id: string, cpuProfiles?: string, port = 0): ChildProcess {
    const execArgv =
      cpuProfiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${cpuProfiles}`];
    const child = fork(file, ['--node', id, join(this.#directory, id), String(port)], { execArgv });
    child.on('exit', (code) => {
      if (code !== 0 && code !== null) {
        process.stderr.write(`node ${id} ended with ${code}\n`);
        process.exitCode = 1;
      }
    });
    this.nodes.set(id, child);
    return child;
  }
}

function answer<Answer extends { readonly kind: string }>(
  child: ChildProcess,
  kind: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const end = () => {
      child.off('message', listen);
      child.off('exit', exited);
    };
    const listen = (message: unknown) => {
      if ((message as Answer).kind !== kind) return;
      end();
      resolve(message as Answer);
    };
    const exited = () => {
      end();
      reject(new Error(`a node ended before it answered "${kind}"`));
    };
    child.on('message', listen);
    child.on('exit', exited);
  });
}
