import type { Generator } from '../random/generator.ts';
import { calmNetwork } from '../network/simulated-network.ts';
import { calmTurnMs } from './nemesis.ts';
import type { RegisterCluster } from './register-clients.ts';
import type { SimulationPlan } from './simulation-plan.ts';

/** A majority of the voters, whole; what becomes of the others is drawn. */
export function drawMajority(random: Generator, plan: SimulationPlan): string[] {
  const quorum = Math.floor(plan.voters.length / 2) + 1;
  return random.shuffle(plan.voters).slice(0, quorum);
}

/** Mends these nodes and everything between them, and nothing else. */
export function healAmong(cluster: RegisterCluster, ids: readonly string[]): void {
  cluster.network.setConditions(calmNetwork);
  for (const id of ids) {
    const node = cluster.node(id);
    node.turnMs = calmTurnMs;
    node.disk.resume();
    node.disk.makeRoom();
    node.disk.syncFails = false;
    node.wake();
    cluster.boot(id);
    for (const other of ids) {
      cluster.network.heal(other, id);
      cluster.network.slow(other, id, 0);
    }
  }
}

/**
 * What is left of the cluster stays broken while the majority must get on with its work, and some of
 * it is broken in ways that disturb: a node that hears nobody and keeps asking for votes, one that
 * is heard but cannot hear, one that answers late.
 */
export function breakOthers(
  cluster: RegisterCluster,
  random: Generator,
  majority: readonly string[],
): void {
  for (const [id, node] of cluster.nodes) {
    if (majority.includes(id)) continue;
    switch (random.integer(0, 5)) {
      case 0:
        cluster.crash(id);
        break;
      case 1:
        node.process.pause();
        break;
      case 2:
        for (const other of cluster.nodes.keys()) cluster.network.cut(id, other);
        break;
      case 3:
        for (const other of cluster.nodes.keys()) cluster.network.cut(other, id);
        break;
      case 4:
        node.disk.stall();
        break;
      case 5:
        // As the faults have left it.
        break;
    }
  }
}

/**
 * How long a healed majority may take to commit again: time for leases and vote stickiness to run
 * out and for a few elections that nobody wins. Generous, because it is a bound and not a
 * measurement; what runs really took is reported beside it.
 */
export function recoveryBoundMs({ timing, localReads }: SimulationPlan): number {
  const { electionTimeoutMaxMs } = timing;
  return 25 * electionTimeoutMaxMs + 4 * (localReads?.leaseMs ?? 0);
}

/** How long until all nodes have everything: the slowest of them may need a whole snapshot. */
export const convergenceBoundMs = (plan: SimulationPlan): number =>
  4 * recoveryBoundMs(plan) + 10_000;
