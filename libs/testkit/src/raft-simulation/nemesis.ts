import type { StateMachine } from '@quorate/raft';
import { nodeId } from '@quorate/raft';
import { drawPartition, partitionShapes } from '../network/partition.ts';
import type { Generator } from '../random/generator.ts';
import type { SimulatedCluster } from './simulated-cluster.ts';
import type { FaultKind } from './simulation-plan.ts';
import { SafetyViolation } from './violation.ts';

type AnyCluster = SimulatedCluster<
  StateMachine<unknown, unknown, unknown>,
  unknown,
  unknown,
  unknown
>;

/**
 * Breaks things, and mends most of them again after a while. Each kind of fault that the plan allows
 * comes at its own random moments, so that any of them can meet any other.
 */
export class Nemesis {
  readonly counts = new Map<FaultKind, number>();
  private readonly cluster: AnyCluster;
  private readonly random: Generator;
  private readonly ids: readonly string[];
  private readonly electionMs: number;
  private active = true;
  private storms = 0;

  constructor(cluster: unknown, random: Generator) {
    this.cluster = cluster as AnyCluster;
    this.random = random;
    this.ids = [...this.cluster.nodes.keys()];
    this.electionMs = this.cluster.plan.timing.electionTimeoutMaxMs;
    this.cluster.onFailed = (node, reason) => this.processEnded(node, reason);
    for (const [kind, meanMs] of this.cluster.plan.faults) this.schedule(kind, meanMs);
  }

  /** No new faults; what is broken stays so until somebody mends it. */
  stop(): void {
    this.active = false;
  }

  private schedule(kind: FaultKind, meanMs: number): void {
    this.cluster.time.after(this.random.exponential(meanMs), () => {
      if (!this.active) return;
      this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
      this.inflict(kind);
      this.schedule(kind, meanMs);
    });
  }

  private inflict(kind: FaultKind): void {
    const { cluster, random, electionMs } = this;
    const id = random.pick(this.ids);
    const node = cluster.node(id);
    switch (kind) {
      case 'crash': {
        this.crash(id);
        return;
      }
      case 'crash-all':
        for (const each of this.ids) if (random.chance(0.85)) this.crash(each);
        return;
      case 'pause':
        this.note(id, 'is paused');
        node.process.pause();
        {
          this.later(electionMs * 2, () => node.wake());
          return;
        }
      case 'sleep':
        this.note(id, 'its machine sleeps');
        node.sleep();
        {
          this.later(electionMs * 4, () => node.wake());
          return;
        }
      case 'partition': {
        this.partition();
        return;
      }
      case 'link-reset': {
        const other = random.pick(this.ids);
        if (other !== id) cluster.resetLink(id, other, false);
        return;
      }
      case 'slow-link': {
        const other = random.pick(this.ids);
        cluster.network.slow(id, other, random.exponential(electionMs));
        this.later(electionMs * 4, () => cluster.network.slow(id, other, 0));
        return;
      }
      case 'network-storm': {
        this.storm();
        return;
      }
      case 'disk-stall':
        this.note(id, 'its disk stalls');
        node.disk.stall();
        {
          this.later(electionMs * 2, () => node.disk.resume());
          return;
        }
      case 'disk-full':
        this.note(id, 'its disk is full');
        node.disk.fill();
        {
          this.later(electionMs * 4, () => node.disk.makeRoom());
          return;
        }
      case 'sync-failure':
        this.note(id, 'its next sync fails');
        {
          node.disk.failNextSync();
          return;
        }
      case 'clock-drift': {
        const { clockDrift } = cluster.plan;
        node.clock.drift(random.between(1 - clockDrift, 1 + clockDrift));
        return;
      }
      case 'clock-leap':
        this.note(id, 'its clock leaps');
        {
          node.clock.leap(random.exponential(electionMs * 3));
          return;
        }
      case 'busy-node':
        node.turnMs = random.exponential(electionMs / 4);
        {
          this.later(electionMs * 3, () => (node.turnMs = calmTurnMs));
          return;
        }
      case 'transfer': {
        this.transfer();
        return;
      }
      case 'snapshot':
        node.process.take(() => node.replica?.takeSnapshot());
        return;
    }
  }

  private crash(id: string): void {
    this.cluster.crash(id);
    this.later(this.electionMs * 1.5, () => this.cluster.boot(id));
  }

  /** A store that is broken ends its process; whoever supervises it starts it again. */
  private processEnded(id: string, reason: string): void {
    if (!reason.includes('store is broken')) {
      throw new SafetyViolation('a node stays up', `${id} ended: ${reason}`);
    }
    const { incarnation } = this.cluster.node(id);
    this.cluster.time.after(0, () => {
      if (this.cluster.node(id).incarnation !== incarnation) return;
      this.cluster.crash(id);
      // Also when no new faults come: the supervisor is not one of them.
      const downMs = this.random.exponential(this.electionMs * 1.5);
      this.cluster.time.after(downMs, () => this.cluster.boot(id));
    });
  }

  private partition(): void {
    const { cluster, random } = this;
    if (this.ids.length < 2) return;
    const shape = random.pick(partitionShapes);
    const directions = drawPartition(random, this.ids, shape);
    this.note('-', `partition ${shape}: ${directions.map((d) => `${d.from}>${d.to}`).join(' ')}`);
    for (const { from, to } of directions) cluster.network.cut(from, to);
    this.later(this.electionMs * 5, () => {
      for (const { from, to } of directions) cluster.network.heal(from, to);
    });
  }

  private storm(): void {
    const { cluster, random } = this;
    this.storms++;
    this.note('-', 'storm begins');
    cluster.network.setConditions({
      ...cluster.plan.network,
      lossProbability: random.between(0.1, 0.5),
      duplicationProbability: random.between(0, 0.4),
      delayMeanMs: cluster.plan.network.delayMeanMs * random.between(1, 20),
      reorders: true,
    });
    this.later(this.electionMs * 4, () => {
      if (--this.storms === 0) cluster.network.setConditions(cluster.plan.network);
    });
  }

  private transfer(): void {
    const { cluster, random } = this;
    const leader = cluster.leader();
    if (leader === undefined) return;
    const to = random.chance(0.3) ? undefined : nodeId(random.pick(cluster.plan.voters));
    const asked = cluster.plan.transfersThroughAny ? random.pick(cluster.plan.voters) : leader;
    const node = cluster.node(asked);
    this.note(asked, `is asked to have leadership handed over to ${to ?? 'anybody'}`);
    const deadlineMs = node.nowMs() + this.electionMs * 3;
    node.process.take(() => node.replica?.transferWith(to, deadlineMs, () => undefined));
  }

  private later(meanMs: number, mend: () => void): void {
    this.cluster.time.after(this.random.exponential(meanMs), () => {
      if (this.active) mend();
    });
  }

  private note(node: string, what: string): void {
    this.cluster.trace.note(this.cluster.time.nowMs, node, what);
  }
}

/** How late a turn comes on a node that has nothing else to do. */
export const calmTurnMs = 0.02;
