import { checkLinearizable } from '../linearizability/checker.ts';
import { registerModel } from '../linearizability/register.ts';
import { Generator } from '../random/generator.ts';
import { Nemesis } from './nemesis.ts';
import {
  breakOthers,
  convergenceBoundMs,
  drawMajority,
  healAmong,
  recoveryBoundMs,
} from './recovery.ts';
import { RegisterClients } from './register-clients.ts';
import type { ClientCounts, RegisterCluster } from './register-clients.ts';
import { RegisterMachine, registerCommandCodec, registerReplyCodec } from './register-machine.ts';
import { SimulatedCluster } from './simulated-cluster.ts';
import { drawPlan } from './simulation-plan.ts';
import type { SimulationPlan } from './simulation-plan.ts';
import { Trace } from './trace.ts';
import { LivenessViolation, hold } from './violation.ts';

export interface SimulationReport {
  readonly seed: number;
  readonly events: number;
  readonly virtualMs: number;
  readonly committed: number;
  readonly elections: number;
  readonly faults: number;
  /** The longest that nothing was committed while faults went on. */
  readonly longestStallMs: number;
  /** From healing a majority to its first acknowledged write. */
  readonly recoveryMs: number;
  readonly clients: ClientCounts;
  readonly localServing: number;
  readonly undecided: number;
  readonly fingerprint: string;
}

export interface SimulationFailure {
  readonly seed: number;
  readonly name: string;
  /** The property that was broken, or the kind of error. */
  readonly property: string;
  readonly message: string;
  readonly stack: string;
  readonly atMs: number;
  readonly events: number;
  readonly lastLines: readonly string[];
}

export type SimulationResult =
  | { readonly kind: 'passed'; readonly report: SimulationReport }
  | { readonly kind: 'failed'; readonly failure: SimulationFailure };

/** More than any run needs: a run that gets here is going in circles without time passing. */
const eventsMax = 3_000_000;

/** One whole life of one cluster, all of it drawn from `seed`. */
export function runSimulation(seed: number, print?: (line: string) => void): SimulationResult {
  const trace = new Trace(print);
  const run = new SimulationRun(drawPlan(seed), trace);
  try {
    return { kind: 'passed', report: run.run() };
  } catch (error) {
    return { kind: 'failed', failure: describeFailure(seed, error, run.cluster, trace) };
  }
}

class SimulationRun {
  readonly cluster: RegisterCluster;
  private readonly plan: SimulationPlan;
  private readonly random: Generator;
  private readonly clients: RegisterClients;
  private readonly trace: Trace;

  constructor(plan: SimulationPlan, trace: Trace) {
    this.plan = plan;
    this.trace = trace;
    this.random = new Generator(`run ${plan.seed}`);
    this.cluster = new SimulatedCluster(
      plan,
      {
        make: () => new RegisterMachine(plan.pieceBytes),
        commands: registerCommandCodec,
        replies: registerReplyCodec,
      },
      trace,
    );
    this.clients = new RegisterClients(this.cluster, this.random.split('clients'));
  }

  run(): SimulationReport {
    const { cluster, clients, plan, random, trace } = this;
    trace.note(0, '-', describePlan(plan));
    const nemesis = new Nemesis(cluster, random.split('nemesis'));
    cluster.start();
    clients.start();
    this.runUntil(plan.chaosMs);
    const { longestStallMs } = cluster;

    nemesis.stop();
    clients.stop();
    const majority = drawMajority(random, plan);
    trace.note(cluster.time.nowMs, '-', `heals ${majority.join(' ')}`);
    breakOthers(cluster, random, majority);
    healAmong(cluster, majority);
    const recoveryMs = this.expectProgress(majority);

    const everybody = [...cluster.nodes.keys()];
    trace.note(cluster.time.nowMs, '-', 'heals everything');
    healAmong(cluster, everybody);
    this.expectConvergence();
    const undecided = this.judgeHistory();

    let faults = 0;
    for (const count of nemesis.counts.values()) faults += count;
    const { lost, duplicated, cut } = cluster.network.counts;
    return {
      seed: plan.seed,
      events: cluster.time.eventsRun,
      virtualMs: cluster.time.nowMs,
      committed: cluster.oracle.committed.lastIndex,
      elections: cluster.oracle.elections.count,
      faults: faults + lost + duplicated + cut,
      longestStallMs,
      recoveryMs,
      clients: clients.counts,
      localServing: cluster.oracle.localReads.servingSeen,
      undecided,
      fingerprint: `${trace.fingerprint}-${cluster.time.eventsRun}`,
    };
  }

  /** A healed majority commits again, whatever the others do. */
  private expectProgress(majority: readonly string[]): number {
    const begunMs = this.cluster.time.nowMs;
    const boundMs = recoveryBoundMs(this.plan);
    let acknowledged = false;
    this.clients.probe(majority, () => (acknowledged = true));
    this.runWhile(
      () => !acknowledged,
      begunMs + boundMs,
      () => {
        const where = majority.map((id) => this.describeNode(id)).join('; ');
        return ['progress of a healed majority', `no write in ${boundMs} ms: ${where}`];
      },
    );
    return this.cluster.time.nowMs - begunMs;
  }

  /** Healed altogether, every node has everything, and nothing is due that was not done. */
  private expectConvergence(): void {
    const { cluster, clients } = this;
    const nodes = [...cluster.nodes.values()];
    let acknowledged = false;
    clients.probe([...cluster.nodes.keys()], () => (acknowledged = true));
    const isSettled = (): boolean => {
      const { lastIndex } = cluster.oracle.committed;
      return (
        acknowledged &&
        clients.busy === 0 &&
        nodes.every(
          (node) => node.appliedIndex === lastIndex && node.core?.lastIndex === lastIndex,
        ) &&
        nodes.every((node) => node.machine?.nextDeadline() === undefined)
      );
    };
    const boundMs = convergenceBoundMs(this.plan);
    this.runWhile(
      () => !isSettled(),
      cluster.time.nowMs + boundMs,
      () => {
        const where = nodes.map(({ id }) => this.describeNode(id)).join('; ');
        return ['convergence of a healed cluster', `not in ${boundMs} ms: ${where}`];
      },
    );
    for (const { id, machine } of nodes) {
      for (const tag of clients.acknowledged) {
        hold(
          machine!.wasApplied(tag),
          'what was acknowledged is there',
          () => `${id} has everything, but not ${tag}`,
        );
      }
    }
  }

  private judgeHistory(): number {
    const [anyNode] = this.cluster.nodes.values();
    const history = this.clients.history(anyNode!.machine!);
    const verdict = checkLinearizable(registerModel, history, {
      configurationsMax: 300_000,
    });
    hold(verdict.kind !== 'violation', 'linearizability', () =>
      verdict.kind === 'violation' ? verdict.explanation : '',
    );
    return verdict.kind === 'undecided' ? 1 : 0;
  }

  private runUntil(atMs: number): void {
    while (this.cluster.time.nowMs < atMs && this.cluster.time.step()) this.bound();
  }

  private runWhile(
    pending: () => boolean,
    untilMs: number,
    late: () => readonly [property: string, detail: string],
  ): void {
    while (pending()) {
      if (this.cluster.time.nowMs > untilMs || !this.cluster.time.step()) {
        const [property, detail] = late();
        throw new LivenessViolation(property, detail);
      }
      this.bound();
    }
  }

  private bound(): void {
    if (this.cluster.time.eventsRun < eventsMax) return;
    throw new LivenessViolation('time goes on', `${eventsMax} events in one run`);
  }

  private describeNode(id: string): string {
    const { core, appliedIndex, machine, process } = this.cluster.node(id);
    if (core === undefined) return `${id} down`;
    const { role, term, leader } = core.office;
    return (
      `${id}${process.isPaused ? ' (paused)' : ''} ${role} term ${term} of ${leader ?? 'nobody'} ` +
      `applied ${appliedIndex} commit ${core.commit} settled ${core.settled} ` +
      `last ${core.lastIndex} due ${machine?.nextDeadline() ?? '-'}`
    );
  }
}

function describePlan(plan: SimulationPlan): string {
  return JSON.stringify({ ...plan, faults: Object.fromEntries(plan.faults) });
}

function describeFailure(
  seed: number,
  error: unknown,
  cluster: RegisterCluster,
  trace: Trace,
): SimulationFailure {
  const known = error instanceof Error ? error : new Error(String(error));
  const property = 'property' in known ? String(known.property) : known.name;
  return {
    seed,
    name: known.name,
    property,
    message: known.message,
    stack: known.stack ?? '',
    atMs: cluster.time.nowMs,
    events: cluster.time.eventsRun,
    lastLines: trace.lastLines(),
  };
}
