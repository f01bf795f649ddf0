import type { Generator } from '../random/generator.ts';
import type { ChaosCluster } from './chaos-cluster.ts';
import type { Fault } from './fault.ts';

export interface Inflicted {
  /** As a person would tell it. */
  readonly told: string;
  /** Nodes that may be slow, silent or dead until healed. */
  readonly nodes: readonly string[];
  heal(): Promise<void>;
}

/** Makes the fault happen; `undefined` where this machine cannot (no disk to fill). */
export async function inflict(
  cluster: ChaosCluster,
  fault: Fault,
  random: Generator,
): Promise<Inflicted | undefined> {
  const { processes } = cluster;
  const { links } = processes;
  const node = await choose(cluster, fault, random);
  const others = cluster.names.filter((name) => name !== node);
  const each = (treat: (other: string) => void) => (): Promise<void> => {
    others.forEach(treat);
    return Promise.resolve();
  };
  const healLinks = each((other) => links.healBoth(node, other));
  switch (fault.kind) {
    case 'kill':
      await processes.kill(node);
      return done(`kill -9 ${node}`, [node], () => processes.startNode(node));
    case 'pause':
      processes.freeze(node);
      return done(`pause ${node}`, [node], () => {
        processes.thaw(node);
        return Promise.resolve();
      });
    case 'isolate':
      processes.isolate(node);
      return done(`cut off ${node}`, [node], healLinks);
    case 'mute':
      await each((other) => links.cut(node, other))();
      return done(`nobody hears ${node}`, [node], healLinks);
    case 'deafen':
      await each((other) => links.cut(other, node))();
      return done(`${node} hears nobody`, [node], healLinks);
    case 'cut-link': {
      const other = random.pick(others);
      links.cutBoth(node, other);
      return done(`no link ${node}–${other}`, [node, other], healLinks);
    }
    case 'reset-links':
      await each((other) => links.reset(node, other))();
      return done(`connections of ${node} broken`, [node], () => Promise.resolve());
    case 'slow-links': {
      const delayMs = random.integer(20, 400);
      await each((other) => links.delay(node, other, delayMs))();
      return done(`what ${node} says takes ${delayMs} ms`, [node], healLinks);
    }
    case 'fill-disk': {
      const disk = cluster.disks.get(node);
      if (disk === undefined) return undefined;
      await disk.fill();
      return done(`disk of ${node} full`, [node], () => disk.makeRoom());
    }
    case 'pause-and-kill-others': {
      processes.freeze(node);
      await Promise.all(others.map((other) => processes.kill(other)));
      const starting = others.map((other) => processes.startNode(other));
      return done(`pause ${node}, restart ${others.join(' and ')}`, cluster.names, async () => {
        processes.thaw(node);
        await Promise.all(starting);
      });
    }
    case 'restart-all':
      await Promise.all(cluster.names.map((name) => processes.kill(name)));
      return done('kill -9 all three', cluster.names, async () => {
        await Promise.all(cluster.names.map((name) => processes.startNode(name)));
      });
  }
}

const done = (told: string, nodes: readonly string[], heal: () => Promise<void>): Inflicted => ({
  told,
  nodes,
  heal,
});

async function choose(
  cluster: ChaosCluster,
  { victim }: Fault,
  random: Generator,
): Promise<string> {
  // One draw, whatever is found out, so that the rest of the schedule stays the seed's.
  const drawn = random.pick(cluster.names);
  if (victim === 'anyone') return drawn;
  const leader = await cluster.leader();
  if (victim === 'leader') return leader ?? drawn;
  return drawn === leader ? cluster.names.find((name) => name !== leader)! : drawn;
}
