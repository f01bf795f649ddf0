import { HeldPort } from './held-port.ts';
import { NodeProcess } from './node-process.ts';
import type { ProcessSpec } from './node-process.ts';
import { PeerLinks } from './peer-links.ts';
import { waitUntil } from './condition.ts';

export interface NodeAddress {
  readonly name: string;
  readonly port: number;
}

export interface NodeLaunch {
  readonly name: string;
  readonly port: number;
  /** Each other node, at the proxy that stands for this node's way to it. */
  readonly peers: readonly NodeAddress[];
}

export interface ProcessClusterOptions {
  readonly names: readonly string[];
  readonly launch: (node: NodeLaunch) => Omit<ProcessSpec, 'name'>;
  /** A path that answers below 400 once the node is up; what else it says is the test's business. */
  readonly readyPath: string;
  readonly startTimeoutMs?: number;
}

interface Member {
  readonly name: string;
  readonly peers: readonly NodeAddress[];
  held: HeldPort | undefined;
  readonly port: number;
  process: NodeProcess | undefined;
}

const attemptsMax = 5;

/**
 * A cluster of real processes on loopback. Ports are chosen by the system and kept for the cluster's
 * life; between each two nodes stands a relay that can be broken in each direction.
 */
export class ProcessCluster {
  readonly links = new PeerLinks();
  private readonly options: ProcessClusterOptions;
  private readonly members = new Map<string, Member>();

  private constructor(options: ProcessClusterOptions) {
    this.options = options;
  }

  /** Starts all nodes and waits until each answers. Whatever goes wrong, nothing is left running. */
  static async start(options: ProcessClusterOptions): Promise<ProcessCluster> {
    const cluster = new ProcessCluster(options);
    try {
      await cluster.arrange();
      await Promise.all(options.names.map((name) => cluster.startNode(name)));
      return cluster;
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  get names(): readonly string[] {
    return this.options.names;
  }

  url(name: string): string {
    return `http://127.0.0.1:${this.member(name).port}`;
  }

  process(name: string): NodeProcess {
    const { process } = this.member(name);
    if (process === undefined) throw new Error(`${name} was not started`);
    return process;
  }

  /** Starts a node that is not running, on the port it always had. */
  async startNode(name: string): Promise<void> {
    const member = this.member(name);
    const timeoutMs = this.options.startTimeoutMs ?? 15_000;
    for (let attempt = 1; ; attempt++) {
      await member.held?.release();
      member.held = undefined;
      const { port, peers } = member;
      const spec = this.options.launch({ name, port, peers });
      const process = (member.process = await NodeProcess.start({ name, ...spec }));
      try {
        await waitForReadiness(process, `${this.url(name)}${this.options.readyPath}`, timeoutMs);
        return;
      } catch (error) {
        await process.kill();
        const collided = process.output.includes('EADDRINUSE');
        if (!collided || attempt === attemptsMax) {
          const said = process.output.slice(-4_000);
          throw new Error(`${name} did not become ready; it said:\n${said}`, { cause: error });
        }
        await waitUntil('the port to become free', () => canTake(port), { timeoutMs });
      }
    }
  }

  async kill(name: string): Promise<void> {
    await this.process(name).kill();
  }

  async restart(name: string): Promise<void> {
    await this.kill(name);
    await this.startNode(name);
  }

  freeze(name: string): void {
    this.process(name).freeze();
  }

  thaw(name: string): void {
    this.process(name).thaw();
  }

  isolate(name: string): void {
    for (const other of this.others(name)) this.links.cutBoth(name, other);
  }

  rejoin(name: string): void {
    for (const other of this.others(name)) this.links.healBoth(name, other);
  }

  /** Kills whatever still runs; safe to call twice, and after a failed start. */
  async close(): Promise<void> {
    await Promise.all([...this.members.values()].map((member) => abandon(member)));
    await this.links.close();
  }

  private others(name: string): string[] {
    return this.names.filter((other) => other !== name);
  }

  private async arrange(): Promise<void> {
    const { names } = this.options;
    const held = new Map<string, HeldPort>();
    for (const name of names) held.set(name, await HeldPort.take());
    for (const name of names) {
      const own = held.get(name)!;
      const peers: NodeAddress[] = [];
      for (const other of this.others(name)) {
        const port = await this.links.open(name, other, held.get(other)!.port);
        peers.push({ name: other, port });
      }
      this.members.set(name, { name, peers, held: own, port: own.port, process: undefined });
    }
  }

  private member(name: string): Member {
    const member = this.members.get(name);
    if (member === undefined) throw new Error(`no node is called ${name}`);
    return member;
  }
}

async function abandon({ process, held }: Member): Promise<void> {
  await process?.kill();
  await held?.release();
}

async function waitForReadiness(
  process: NodeProcess,
  url: string,
  timeoutMs: number,
): Promise<void> {
  const outcome = await waitUntil(
    `${process.name} to answer at ${url}`,
    async () => process.exit ?? (await answers(url)),
    { timeoutMs },
  );
  if (outcome === true) return;
  throw new Error(`ended with ${outcome.signal ?? `code ${outcome.code ?? '?'}`}`);
}

async function answers(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(1_000) });
  await response.arrayBuffer();
  return response.ok;
}

async function canTake(port: number): Promise<boolean> {
  const held = await HeldPort.take(port);
  await held.release();
  return true;
}
