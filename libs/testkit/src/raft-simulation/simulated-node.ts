import type {
  Codec,
  Core,
  Effects,
  LogImage,
  Membership,
  PeerMessage,
  Replica,
  StateMachine,
} from '@quorate/raft';
import { createCore, createReplica, nodeId } from '@quorate/raft';
import { SimulatedLogDisk } from '../disk/simulated-log-store.ts';
import type { Generator } from '../random/generator.ts';
import { NodeClock } from '../virtual-time/node-clock.ts';
import type { VirtualTime } from '../virtual-time/virtual-time.ts';
import type { SimulationPlan } from './simulation-plan.ts';
import { SimulatedProcess } from './simulated-process.ts';

/** What the cluster around a node does for it, and wants to know of it. */
export interface Surroundings {
  readonly time: VirtualTime;
  readonly plan: SimulationPlan;
  /** False: no link. */
  send(from: string, to: string, message: PeerMessage): boolean;
  /** A batch of effects is about to be carried out. */
  effects(node: string, core: Core, effects: Effects): void;
  /** Something ran in this node. */
  turned(node: string): void;
  failed(node: string, reason: string, cause: unknown): void;
}

/** The same, for one kind of machine: what the driver is given is the machine under watch. */
export interface MachineSurroundings<Machine, Command, Reply, Event> extends Surroundings {
  checked(node: string, machine: Machine): StateMachine<Command, Reply, Event>;
}

/** How to make one life's state machine; the former one is gone with its process. */
export interface MachineKit<Machine, Command, Reply> {
  readonly make: (node: string) => Machine;
  readonly commands: Codec<Command>;
  readonly replies: Codec<Reply>;
}

interface Life<Machine, Command, Reply, Event> {
  readonly replica: Replica<Command, Reply, Event>;
  readonly core: Core;
  readonly machine: Machine;
}

/**
 * One node: the real driver over the real core, on a disk, a clock and a network that are not. What
 * outlives a crash is the disk; the clock of the machine goes on as well.
 */
export class SimulatedNode<
  Machine extends StateMachine<Command, Reply, Event>,
  Command,
  Reply,
  Event,
> {
  readonly id: string;
  readonly disk: SimulatedLogDisk;
  readonly clock: NodeClock;
  readonly process: SimulatedProcess;
  /** Each turn of a busy node is late by about this. */
  turnMs = 0.02;
  private readonly surroundings: MachineSurroundings<Machine, Command, Reply, Event>;
  private readonly random: Generator;
  private readonly bootstrap: Membership;
  private readonly kit: MachineKit<Machine, Command, Reply>;
  private life: Life<Machine, Command, Reply, Event> | undefined;

  constructor(
    id: string,
    surroundings: MachineSurroundings<Machine, Command, Reply, Event>,
    random: Generator,
    kit: MachineKit<Machine, Command, Reply>,
  ) {
    const { time, plan } = surroundings;
    this.id = id;
    this.surroundings = surroundings;
    this.random = random;
    this.kit = kit;
    const drift = plan.clockDrift;
    this.clock = new NodeClock(time, random.between(0, 1e6), random.between(1 - drift, 1 + drift));
    this.process = new SimulatedProcess(time, () => surroundings.turned(id));
    this.bootstrap = {
      voters: plan.voters.map(nodeId),
      outgoing: [],
      learners: plan.learners.map(nodeId),
    };
    const { min, mean } = plan.syncMs;
    this.disk = new SimulatedLogDisk({
      random: () => random.next(),
      schedule: (delayMs, run) => this.process.after(delayMs, run),
      latencyMs: () => min + random.exponential(mean),
    });
  }

  get replica(): Replica<Command, Reply, Event> | undefined {
    return this.life?.replica;
  }

  get core(): Core | undefined {
    return this.life?.core;
  }

  get appliedIndex(): number {
    return this.life?.replica.applied ?? 0;
  }

  get incarnation(): number {
    return this.process.incarnation;
  }

  get image(): LogImage {
    return this.disk.image;
  }

  nowMs(): number {
    return this.clock.nowMs();
  }

  get machine(): Machine | undefined {
    return this.life?.machine;
  }

  start(): void {
    const { plan } = this.surroundings;
    this.process.begin();
    const store = this.disk.open();
    const machine = this.kit.make(this.id);
    let core: Core | undefined;
    const replica = createReplica<Command, Reply, Event>({
      groupId: 'simulated',
      nodeId: nodeId(this.id),
      incarnation: this.process.incarnation,
      bootstrap: this.bootstrap,
      timing: plan.timing,
      limits: plan.limits,
      localReads: plan.localReads,
      store,
      durable: store.loadNow(),
      machine: this.surroundings.checked(this.id, machine),
      commands: this.kit.commands,
      replies: this.kit.replies,
      environment: {
        nowMs: () => this.clock.nowMs(),
        standstills: () => this.clock.standstills,
        random: () => this.random.next(),
        defer: (run) => this.process.after(this.random.exponential(this.turnMs), run),
        send: (to, message) => this.surroundings.send(this.id, to, message),
      },
      replica: plan.replica,
      onFatal: (reason, cause) => this.surroundings.failed(this.id, reason, cause),
      createCore: (options) => (core = this.watch(createCore(options))),
    });
    if (core === undefined) throw new Error('the driver has made no core');
    this.life = { replica, core, machine };
    this.scheduleTick();
  }

  /** The process is gone between two instructions; what its disk keeps is the disk's business. */
  crash(): void {
    this.life?.replica.halt();
    this.life = undefined;
    this.clock.goOn();
    this.process.end();
    this.disk.crash();
  }

  /** The whole machine, and its monotonic clock with it; one that is down is not put to sleep. */
  sleep(): void {
    if (!this.process.isUp) return;
    this.clock.standStill();
    this.process.pause();
  }

  /** From sleep, or a pause of the process alone. */
  wake(): void {
    this.clock.goOn();
    this.process.resume();
  }

  /** Whether a caller would be answered by a lease now. The driver looks at its clocks first. */
  mayServeLocally(): boolean {
    if (this.life === undefined || this.clock.isStanding) return false;
    const { replica, core } = this.life;
    // While it restores, the driver says no; what the core would say must be true even then.
    return replica.mayServeLocally() || core.mayServeLocally(this.nowMs());
  }

  receive(from: string, message: PeerMessage): void {
    this.process.take(() => this.life?.replica.receive(nodeId(from), message));
  }

  peerReset(peer: string, refused: boolean): void {
    this.process.take(() => this.life?.replica.peerReset(nodeId(peer), refused));
  }

  /** The same core; whoever takes its effects shows them first. */
  private watch(core: Core): Core {
    const takeEffects = core.takeEffects.bind(core);
    core.takeEffects = () => {
      const effects = takeEffects();
      this.surroundings.effects(this.id, core, effects);
      return effects;
    };
    return core;
  }

  private scheduleTick(): void {
    const { tickMs } = this.surroundings.plan;
    this.process.after(this.clock.trueMs(tickMs), () => {
      this.life?.replica.tick();
      this.scheduleTick();
    });
  }
}
