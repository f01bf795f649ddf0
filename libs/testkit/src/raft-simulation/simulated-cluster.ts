import type { Effects, Core, PeerMessage, StateMachine } from '@quorate/raft';
import { SimulatedNetwork } from '../network/simulated-network.ts';
import { Generator } from '../random/generator.ts';
import { VirtualTime } from '../virtual-time/virtual-time.ts';
import { AppliedHistory, CheckedMachine } from './checked-machine.ts';
import { ClusterOracle } from './cluster-oracle.ts';
import type { ObservedNode } from './cluster-oracle.ts';
import { SimulatedNode } from './simulated-node.ts';
import type { MachineKit } from './simulated-node.ts';
import type { SimulationPlan } from './simulation-plan.ts';
import type { Trace } from './trace.ts';
import { SafetyViolation } from './violation.ts';

/**
 * A whole cluster in one process, running any state machine: real drivers and cores around simulated
 * time, disks and network, with the oracle looking on after every event. Nothing here draws faults;
 * whoever holds it breaks it (see `Nemesis`).
 */
export class SimulatedCluster<
  Machine extends StateMachine<Command, Reply, Event>,
  Command,
  Reply,
  Event,
> {
  readonly time = new VirtualTime();
  readonly network: SimulatedNetwork<PeerMessage>;
  readonly nodes = new Map<string, SimulatedNode<Machine, Command, Reply, Event>>();
  readonly oracle: ClusterOracle;
  readonly plan: SimulationPlan;
  readonly trace: Trace;
  /** Told of a node that ended by itself, and why. */
  onFailed: (node: string, reason: string) => void;
  /** Told when a life of a node is over: whoever waits for it waits in vain. */
  onCrashed: (node: string) => void = () => undefined;
  /** Told of a new life, before anything has happened in it. */
  onBooted: (node: string) => void = () => undefined;
  lastCommitAtMs = 0;
  longestStallMs = 0;

  constructor(plan: SimulationPlan, kit: MachineKit<Machine, Command, Reply>, trace: Trace) {
    this.plan = plan;
    this.trace = trace;
    const random = new Generator(`cluster ${plan.seed}`);
    this.network = new SimulatedNetwork<PeerMessage>({
      time: this.time,
      random: random.split('network'),
      conditions: plan.network,
      deliver: (from, to, message) => this.nodes.get(to)?.receive(from, message),
      // A link promises never to hand over a forward twice; all else it may.
      mayDuplicate: ({ kind }) => kind !== 'forward' && kind !== 'forward-answer',
    });
    const history = new AppliedHistory();
    const surroundings = {
      time: this.time,
      plan,
      send: (from: string, to: string, message: PeerMessage) => this.send(from, to, message),
      effects: (node: string, core: Core, effects: Effects) => this.effects(node, core, effects),
      turned: (node: string) => this.turned(node),
      failed: (node: string, reason: string, cause: unknown) => this.failed(node, reason, cause),
      checked: (node: string, machine: Machine) =>
        new CheckedMachine(node, machine, kit.commands, history),
    };
    const observed = new Map<string, ObservedNode>();
    for (const id of [...plan.voters, ...plan.learners]) {
      const node = new SimulatedNode(id, surroundings, random.split(id), kit);
      this.nodes.set(id, node);
      observed.set(id, node);
    }
    this.oracle = new ClusterOracle(observed, plan.voters, plan.localReads !== undefined);
    this.onFailed = (node, reason) => {
      throw new SafetyViolation('a node stays up', `${node} ended: ${reason}`);
    };
  }

  start(): void {
    for (const id of this.nodes.keys()) this.boot(id);
  }

  boot(id: string): void {
    const node = this.node(id);
    if (node.process.isUp) return;
    node.start();
    this.trace.note(this.time.nowMs, id, `starts life ${node.process.incarnation}`);
    this.onBooted(id);
    this.turned(id);
  }

  crash(id: string): void {
    const node = this.node(id);
    if (!node.process.isUp) return;
    this.trace.note(this.time.nowMs, id, 'crashes');
    node.crash();
    this.onCrashed(id);
    for (const other of this.nodes.keys()) {
      if (other !== id) this.resetLink(id, other, true);
    }
    this.turned(id);
  }

  /** Both ends learn that the connection broke, soon; unless the break itself hides it from them. */
  resetLink(one: string, other: string, refused: boolean): void {
    this.network.reset(one, other);
    for (const [seer, seen] of [
      [one, other],
      [other, one],
    ] as const) {
      if (this.network.isCut(seen, seer)) continue;
      this.time.after(0.2, () => this.node(seer).peerReset(seen, refused));
    }
  }

  node(id: string): SimulatedNode<Machine, Command, Reply, Event> {
    const node = this.nodes.get(id);
    if (node === undefined) throw new RangeError(`no node is called ${id}`);
    return node;
  }

  leader(): string | undefined {
    let newest: { id: string; term: number } | undefined;
    for (const [id, { core }] of this.nodes) {
      if (core?.office.role !== 'leader') continue;
      if (newest === undefined || core.office.term > newest.term) {
        newest = { id, term: core.office.term };
      }
    }
    return newest?.id;
  }

  private send(from: string, to: string, message: PeerMessage): boolean {
    this.oracle.sends(from, to, message);
    if (this.trace.isVerbose) {
      this.trace.note(this.time.nowMs, from, `→ ${to} ${describeMessage(message)}`);
    }
    // A dead process has no links, and its peers know; behind a cut link it may well be alive.
    const linked = this.nodes.get(to)?.process.isUp ?? false;
    if (linked) this.network.send(from, to, message);
    return linked;
  }

  private effects(node: string, core: Core, effects: Effects): void {
    this.oracle.writes(node, core, effects);
    if (effects.office !== undefined) {
      const { role, term, leader } = effects.office;
      this.trace.note(this.time.nowMs, node, `${role} term ${term} leader ${leader ?? '-'}`);
    }
  }

  private turned(node: string): void {
    if (!this.oracle.turned(node)) return;
    const { nowMs } = this.time;
    this.longestStallMs = Math.max(this.longestStallMs, nowMs - this.lastCommitAtMs);
    this.lastCommitAtMs = nowMs;
    if (this.trace.isVerbose) {
      this.trace.note(nowMs, node, `commits ${this.oracle.committed.lastIndex}`);
    }
  }

  private failed(node: string, reason: string, cause: unknown): void {
    this.trace.note(this.time.nowMs, node, `ends: ${reason}`);
    if (cause instanceof Error) throw cause;
    this.onFailed(node, reason);
  }
}

function describeMessage(message: PeerMessage): string {
  return JSON.stringify(message, (key, value: unknown) => {
    if (value instanceof Uint8Array) return `${value.length} bytes`;
    if (key === 'entries' && Array.isArray(value)) {
      const first = value[0] as { index: number; term: number } | undefined;
      return first === undefined ? 'none' : `${value.length} from ${first.index}/${first.term}`;
    }
    return value;
  });
}
