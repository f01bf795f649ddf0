import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProcessCluster, waitUntil, type Patience } from '@quorate/testkit';

const main = join(__dirname, '../src/main.ts');

export const patience: Patience = { timeoutMs: 30_000 };

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface DeliveredBody {
  readonly msg_id: string;
  readonly receipt: string;
  readonly key: string | null;
  readonly value: unknown;
  readonly deliveries: number;
}

/** A queue cluster of three real processes, and shorthands for its API. */
export class QueueNodes {
  readonly data = mkdtempSync(join(tmpdir(), 'quorate-queues-'));
  readonly #env: Readonly<Record<string, string>>;
  readonly #headers: Readonly<Record<string, string>>;
  #cluster: ProcessCluster | undefined;

  constructor({ env = {}, token }: { env?: Record<string, string>; token?: string } = {}) {
    this.#env = env;
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  get cluster(): ProcessCluster {
    if (this.#cluster === undefined) throw new Error('the cluster was not started');
    return this.#cluster;
  }

  async start(): Promise<void> {
    this.#cluster = await ProcessCluster.start({
      names: ['a', 'b', 'c'],
      readyPath: '/ready',
      startTimeoutMs: 30_000,
      launch: ({ name, port, peers }) => ({
        command: process.execPath,
        args: [main],
        env: {
          PATH: process.env['PATH'] ?? '',
          NODE_ID: name,
          NODE_PORT: String(port),
          PEER_NODES: peers.map((peer) => `${peer.name}@127.0.0.1:${peer.port}`).join(','),
          DATA_DIR: join(this.data, name),
          LOG_LEVEL: 'warn',
          ...this.#env,
        },
      }),
    });
  }

  /** What a node says that refuses to start on the data it has. */
  startInVain(name: string, env: Readonly<Record<string, string>>): Promise<string> {
    return new Promise((resolve, reject) => {
      const options = {
        env: {
          PATH: process.env['PATH'] ?? '',
          NODE_ID: name,
          NODE_PORT: '1',
          DATA_DIR: join(this.data, name),
          ...env,
        },
        timeout: 20_000,
      };
      execFile(process.execPath, [main], options, (error, output, errors) => {
        if (error === null) reject(new Error('the node started'));
        else resolve(output + errors);
      });
    });
  }

  async close(): Promise<void> {
    await this.#cluster?.close();
    rmSync(this.data, { recursive: true, force: true });
  }

  async ask(method: string, node: string, path: string, body?: object): Promise<Answer> {
    const response = await fetch(`${this.cluster.url(node)}${path}`, {
      method,
      headers: {
        ...this.#headers,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(70_000),
    });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  }

  post(node: string, path: string, body?: object): Promise<Answer> {
    return this.ask('POST', node, path, body);
  }

  get(node: string, path: string): Promise<Answer> {
    return this.ask('GET', node, path);
  }

  /** Until it is done: in between, nodes say honestly that they cannot. */
  insist(what: string, node: string, path: string, body: object): Promise<Answer> {
    return waitUntil(
      what,
      async () => {
        const answer = await this.post(node, path, body);
        return answer.status === 200 ? answer : undefined;
      },
      patience,
    );
  }

  async take(node: string, body: object): Promise<readonly DeliveredBody[]> {
    const { body: answer } = await this.insist('a delivery', node, '/queue/deq', body);
    return answer['messages'] as readonly DeliveredBody[];
  }

  async untilWaiting(queue: string, consumers: number): Promise<void> {
    await waitUntil(
      `${consumers} consumers to stand in line`,
      async () => {
        const { body } = await this.get('c', `/queue/${queue}`);
        const groups = body['groups'] as { default?: { waiting: number } } | undefined;
        return groups?.default?.waiting === consumers;
      },
      patience,
    );
  }
}
