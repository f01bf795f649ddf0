import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProcessCluster } from '../process-harness/process-cluster.ts';
import { SmallDisk } from '../process-harness/small-disk.ts';

export const nodeNames = ['a', 'b', 'c'];

export interface ChaosClusterOptions {
  /** The program of one node. */
  readonly main: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Gives each node a file system of its own that can be filled; without it, the temporary folder. */
  readonly smallDisks?: boolean;
}

const diskBytes = 768 * 1024 * 1024;

/** Three real processes of one service, each with a disk of its own, and relays between them. */
export class ChaosCluster {
  readonly processes: ProcessCluster;
  /** Empty where the right to mount is withheld: then no disk can be filled. */
  readonly disks: ReadonlyMap<string, SmallDisk>;
  private readonly folder: string;

  private constructor(
    processes: ProcessCluster,
    disks: ReadonlyMap<string, SmallDisk>,
    folder: string,
  ) {
    this.processes = processes;
    this.disks = disks;
    this.folder = folder;
  }

  static async start({ main, env, smallDisks }: ChaosClusterOptions): Promise<ChaosCluster> {
    const folder = mkdtempSync(join(tmpdir(), 'quorate-chaos-'));
    const disks = smallDisks === true ? await mountDisks() : new Map<string, SmallDisk>();
    try {
      const processes = await ProcessCluster.start({
        names: nodeNames,
        readyPath: '/ready',
        startTimeoutMs: 40_000,
        launch: ({ name, port, peers }) => ({
          command: process.execPath,
          args: [main],
          env: {
            NODE_ID: name,
            NODE_PORT: String(port),
            PEER_NODES: peers.map((peer) => `${peer.name}@127.0.0.1:${peer.port}`).join(','),
            DATA_DIR: join(disks.get(name)?.path ?? folder, name),
            LOG_LEVEL: 'info',
            ...env,
          },
        }),
      });
      return new ChaosCluster(processes, disks, folder);
    } catch (error) {
      await closeDisks(disks);
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  get names(): readonly string[] {
    return this.processes.names;
  }

  /** The one that says it leads; of two that say so, the one in the later term. */
  async leader(): Promise<string | undefined> {
    let found: { name: string; term: number } | undefined;
    for (const name of this.names) {
      const health = await this.health(name);
      if (health?.role === 2 && health.term > (found?.term ?? -1)) {
        found = { name, term: health.term };
      }
    }
    return found?.name;
  }

  async close(): Promise<void> {
    await this.processes.close();
    await closeDisks(this.disks);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async health(name: string): Promise<{ role: number; term: number } | undefined> {
    try {
      const response = await fetch(`${this.processes.url(name)}/health`, {
        signal: AbortSignal.timeout(500),
      });
      return (await response.json()) as { role: number; term: number };
    } catch {
      return undefined;
    }
  }
}

async function mountDisks(): Promise<Map<string, SmallDisk>> {
  const disks = new Map<string, SmallDisk>();
  for (const name of nodeNames) {
    const disk = await SmallDisk.open(diskBytes);
    if (disk instanceof SmallDisk) disks.set(name, disk);
  }
  return disks;
}

async function closeDisks(disks: ReadonlyMap<string, SmallDisk>): Promise<void> {
  for (const disk of disks.values()) await disk.close();
}
