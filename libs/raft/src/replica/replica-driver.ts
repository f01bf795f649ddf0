import type { Core } from '../core/core.ts';
import { createCore } from '../core/raft-core.ts';
import type { Effects, Input, Office } from '../core/effects.ts';
import type { Entry, SnapshotMeta } from '../core/entry.ts';
import type { LogIndex, NodeId } from '../core/ids.ts';
import type { Envelope } from '../core/message.ts';
import { ApplyQueue } from './apply-queue.ts';
import { DurableWrites } from './durable-writes.ts';
import { ElectionWatch } from './election-watch.ts';
import type { Environment } from './environment.ts';
import { proposeForwarded } from './forwarded.ts';
import type {
  AppendedCommand,
  GroupStatus,
  Outcome,
  ProposeOptions,
  ReadOutcome,
} from './group.ts';
import { IndexWaiters } from './index-waiters.ts';
import { Listeners } from './listeners.ts';
import { defaultReplicaLimits, type ReplicaLimits, type ReplicaOptions } from './options.ts';
import type { Forward, PeerMessage } from './peer-message.ts';
import { type Pending, Proposals } from './proposals.ts';
import { Reads } from './reads.ts';
import type { Replica } from './replica.ts';
import { ReplicatedState } from './replicated-state.ts';
import { Snapshots } from './snapshots.ts';
import type { AppliedAt, Origin } from './state-machine.ts';
import { replicaStatus } from './status.ts';
import { Transfers } from './transfers.ts';
import { Upkeep } from './upkeep.ts';

/**
 * Drives one core: inputs go in as they come, and once per turn all that they want done together is
 * carried out, in the order that `Effects` documents. It has no timer, promise or socket; what it
 * needs of the world is the environment's and the store's, whose callbacks arrive as inputs again.
 */
export class ReplicaDriver<Command, Reply, Event> implements Replica<Command, Reply, Event> {
  readonly core: Core;
  readonly #options: ReplicaOptions<Command, Reply, Event>;
  readonly #environment: Environment;
  readonly #limits: ReplicaLimits;
  readonly #own: Origin;
  readonly #state: ReplicatedState<Command, Reply, Event>;
  readonly #queue = new ApplyQueue();
  readonly #proposals: Proposals<Reply>;
  readonly #reads: Reads;
  readonly #settled = new IndexWaiters();
  readonly #transfers: Transfers;
  readonly #writes: DurableWrites;
  readonly #snapshots: Snapshots;
  readonly #upkeep: Upkeep;
  readonly #elections: ElectionWatch;
  readonly #listeners: Listeners<Command, Event>;
  #storage: GroupStatus['storage'] = 'ok';
  #standstills: number;
  #scheduled = false;
  #halted = false;
  readonly #runTurn = () => this.#guarded(() => this.#turn());
  readonly #apply = (entry: Entry) => {
    // A membership is the core's business, and the first entry of a term nobody's.
    if (entry.kind === 'command') this.#state.apply(entry);
  };

  constructor(options: ReplicaOptions<Command, Reply, Event>) {
    this.#options = options;
    const { environment, nodeId, incarnation, durable, store, observer } = options;
    this.#environment = environment;
    this.#limits = { ...defaultReplicaLimits, ...options.replica };
    this.#own = { node: nodeId, incarnation };
    const nowMs = environment.nowMs();
    this.#standstills = environment.standstills();
    this.core = (options.createCore ?? createCore)({
      id: nodeId,
      incarnation,
      bootstrap: options.bootstrap,
      durable,
      nowMs,
      random: () => environment.random(),
      timing: options.timing,
      limits: options.limits,
      localReads: options.localReads,
    });
    this.#elections = new ElectionWatch(observer, { office: this.core.office, nowMs });
    const core = this.core;
    const limits = this.#limits;
    this.#listeners = new Listeners(options.commands);
    this.#state = new ReplicatedState({
      machine: options.machine,
      commands: options.commands,
      replies: options.replies,
      requests: limits.requests,
      own: this.#own,
      onOwn: (sequence, outcome) => this.#proposals.applied(sequence, outcome),
      onEvents: (events, at) => this.#listeners.events(events, at),
    });
    this.#proposals = new Proposals({ core, environment, own: this.#own, limits, observer });
    this.#reads = new Reads(core, limits.readTimeoutMs);
    this.#transfers = new Transfers(core);
    this.#writes = new DurableWrites({
      store,
      environment,
      observer,
      persisted: (writeId) => this.#input({ kind: 'persisted', nowMs: this.#now(), writeId }),
      send: (envelopes) => this.#send(envelopes),
      full: () => this.#lookAtStorage(),
      broken: ({ detail }) => this.#storeBroke(detail),
    });
    this.#snapshots = new Snapshots({
      core,
      store,
      environment,
      limits,
      observer,
      queue: this.#queue,
      machine: options.machine,
      state: this.#state,
      restored: (meta) => this.#guarded(() => this.#restored(meta)),
      stepped: () => this.#schedule(),
      fatal: (reason) => this.#fatal(reason),
    });
    this.#upkeep = new Upkeep({
      core,
      environment,
      own: this.#own,
      origin: this.#proposals.origin,
      limits,
      sessions: this.#state.sessions,
      nextDeadline: () => this.#state.nextDeadline(),
    });
    if (durable.snapshot !== undefined) this.#snapshots.restore(durable.snapshot);
    this.#schedule();
  }

  get applied(): LogIndex {
    return this.#queue.index;
  }

  tick(): void {
    if (this.#halted) return;
    this.#guarded(() => {
      this.#lookAtClock();
      const nowMs = this.#now();
      this.core.step({ kind: 'tick', nowMs });
      this.#lookAtStorage();
      this.#writes.retry();
      this.#proposals.tick(nowMs);
      this.#reads.tick(nowMs);
      // A lease that runs out settles what only its holder still lacked, without any input.
      this.#settled.reached(this.core.settled);
      this.#settled.expire(nowMs);
      this.#transfers.tick(nowMs);
      this.#snapshots.tick(nowMs);
      if (!this.#snapshots.restoring) this.#upkeep.tick(nowMs, this.#queue.index);
      if (this.core.hasEffects() || this.#proposals.waiting || this.#reads.waiting)
        this.#schedule();
    });
  }

  receive(from: NodeId, message: PeerMessage): void {
    if (this.#halted) return;
    try {
      if (message.kind === 'forward') this.#takeForward(from, message);
      else if (message.kind === 'forward-answer') {
        const at = { nowMs: this.#now(), applied: this.#queue.index };
        this.#proposals.answered(from, message, at);
      } else if (message.kind === 'transfer-request') {
        // Of no effect where nobody leads any more: who asked sees another leader, or none.
        this.core.step({ kind: 'transfer', nowMs: this.#now(), to: message.to });
      } else this.core.step({ kind: 'message', nowMs: this.#now(), from, message });
      this.#schedule();
    } catch (cause) {
      this.#fatal('an invariant is broken', cause);
    }
  }

  peerReset(peer: NodeId, refused: boolean): void {
    if (this.#halted) return;
    this.#guarded(() => {
      this.#proposals.linkLost(peer);
      this.#input({ kind: 'peer-reset', nowMs: this.#now(), peer, refused });
    });
  }

  proposeWith(
    command: Command,
    options: ProposeOptions,
    callback: (outcome: Outcome<Reply>) => void,
  ): void {
    const room =
      !this.#halted &&
      this.#queue.backlogBytes < this.#limits.backlogBytesMax &&
      this.#proposals.add(this.#options.commands.encode(command), options, callback);
    if (room) this.#schedule();
    else callback({ kind: 'refused', why: this.#halted ? 'no-leader' : 'overloaded' });
  }

  propose(command: Command, options: ProposeOptions): Promise<Outcome<Reply>> {
    return new Promise((resolve) => this.proposeWith(command, options, resolve));
  }

  readBarrierWith(deadlineMs: number, callback: (outcome: ReadOutcome) => void): void {
    if (this.#halted) {
      callback({ kind: 'refused', why: 'no-leader' });
      return;
    }
    this.#reads.add(deadlineMs, callback);
    this.#schedule();
  }

  readBarrier(deadlineMs: number): Promise<ReadOutcome> {
    return new Promise((resolve) => this.readBarrierWith(deadlineMs, resolve));
  }

  whenSettledWith(index: LogIndex, deadlineMs: number, callback: (settled: boolean) => void): void {
    if (this.core.settled >= index || this.#halted) callback(!this.#halted);
    else this.#settled.add(index, deadlineMs, callback);
  }

  whenSettled(index: LogIndex, deadlineMs: number): Promise<boolean> {
    return new Promise((resolve) => this.whenSettledWith(index, deadlineMs, resolve));
  }

  transferWith(
    to: NodeId | undefined,
    deadlineMs: number,
    callback: (handedOver: boolean) => void,
  ): void {
    const { leader } = this.core.office;
    if (this.#halted || leader === undefined || leader === to) {
      callback(!this.#halted && leader !== undefined);
      return;
    }
    if (leader === this.#own.node) {
      this.#transfers.add({ from: leader, deadlineMs, callback });
      this.#input({ kind: 'transfer', nowMs: this.#now(), to });
    } else if (this.#environment.send(leader, { kind: 'transfer-request', to })) {
      this.#transfers.add({ from: leader, deadlineMs, callback });
    } else callback(false);
  }

  transfer(to: NodeId | undefined, deadlineMs: number): Promise<boolean> {
    return new Promise((resolve) => this.transferWith(to, deadlineMs, resolve));
  }

  mayServeLocally(): boolean {
    if (this.#halted || this.#snapshots.restoring) return false;
    this.#lookAtClock();
    return this.core.mayServeLocally(this.#now());
  }

  get settled(): LogIndex {
    return this.core.settled;
  }

  clockMs(): number {
    return this.core.clockMs(this.#now());
  }

  status(): GroupStatus {
    return replicaStatus(this.core, this.#now(), {
      electionTimeoutMs: this.#options.timing.electionTimeoutMaxMs,
      own: this.#own.node,
      applied: this.#queue.index,
      snapshot: this.#snapshots.index,
      storage: this.#storage,
      restoring: this.#snapshots.restoring,
    });
  }

  takeSnapshot(): boolean {
    return !this.#halted && this.#snapshots.take();
  }

  onEvents(listener: (events: readonly Event[], at: AppliedAt) => void): void {
    this.#listeners.onEvents(listener);
  }

  onRestored(listener: () => void): void {
    this.#listeners.onRestored(listener);
  }

  onAppended(listener: (commands: readonly AppendedCommand<Command>[]) => void): void {
    this.#listeners.onAppended(listener, { core: this.core, applied: this.#queue.index });
  }

  halt(): void {
    this.#halted = true;
    this.#snapshots.abort();
  }

  async stop(): Promise<void> {
    this.halt();
    this.#proposals.clear();
    this.#reads.clear();
    this.#settled.clear();
    this.#transfers.clear();
    await this.#options.store.close();
  }

  #turn(): void {
    this.#scheduled = false;
    const nowMs = this.#now();
    this.#proposals.flush(nowMs);
    this.#reads.flush(nowMs);
    if (this.core.hasEffects()) this.#carryOut(this.core.takeEffects());
    this.#applySome();
    this.#settled.reached(this.core.settled);
    if (this.core.hasEffects()) this.#schedule();
  }

  /** In the order that `Effects` documents. */
  #carryOut(effects: Effects): void {
    const { write } = effects;
    if (write !== undefined) {
      // Before the write starts, and so before anybody is told that this node has the entries.
      this.#listeners.appended(write.entries);
      this.#writes.issue(write);
    }
    this.#send(effects.send);
    if (effects.restore !== undefined) this.#snapshots.restore(effects.restore);
    this.#queue.add(effects.committed);
    for (const ready of effects.reads) this.#reads.answered(ready);
    if (effects.compact !== undefined) this.#options.store.compact(effects.compact);
    for (const chunk of effects.readChunk) this.#snapshots.readChunk(chunk);
    for (const chunk of effects.storeChunk) this.#snapshots.storeChunk(chunk);
    if (effects.office !== undefined) this.#officeChanged(effects.office);
  }

  #applySome(): void {
    if (this.#snapshots.restoring) return;
    const before = this.#queue.index;
    const untilMs = this.#now() + this.#limits.sliceMs;
    this.#queue.run(
      this.#apply,
      (term) => this.#proposals.termApplied(term),
      () => this.#now() >= untilMs,
    );
    const applied = this.#queue.index;
    if (applied !== before) this.#advanced(applied);
    this.#reads.applied(applied);
    if (!this.#queue.empty) this.#schedule();
  }

  #advanced(applied: LogIndex): void {
    const nowMs = this.#now();
    this.core.step({ kind: 'applied', nowMs, index: applied });
    const session = this.#state.sessions.get(this.#own.node);
    if (session !== undefined && session.incarnation > this.#own.incarnation) {
      this.#fatal(
        `${this.#own.node} lives on in another process: life ${session.incarnation} was seen, ` +
          `this is ${this.#own.incarnation} (two processes with one id, or a clock that went back)`,
      );
      return;
    }
    this.#upkeep.tickClock(nowMs, applied);
    if (this.#proposals.waiting) this.#schedule();
  }

  #restored(meta: SnapshotMeta): void {
    const { sessions } = this.#state;
    this.#proposals.restored(meta.index, (pending: Pending<Reply>) => {
      if (!sessions.wasApplied(this.#own, pending.sequence)) return undefined;
      const kept = pending.request && this.#state.replyTo(pending.request, meta.atMs);
      return kept ?? { kind: 'unknown' };
    });
    this.#proposals.termApplied(meta.term);
    this.#listeners.restored();
    this.#advanced(meta.index);
    this.#schedule();
  }

  #officeChanged(office: Office): void {
    const nowMs = this.#now();
    this.#elections.officeChanged(office, nowMs);
    this.#proposals.leaderChanged(office.leader);
    this.#upkeep.officeChanged(nowMs);
    this.#transfers.officeChanged(office);
    if (this.#proposals.waiting || this.#reads.waiting) this.#schedule();
  }

  #takeForward(from: NodeId, forward: Forward): void {
    const overloaded = this.#queue.backlogBytes >= this.#limits.backlogBytesMax;
    const answer = proposeForwarded(this.core, forward, { nowMs: this.#now(), overloaded });
    this.#environment.send(from, answer);
  }

  #input(input: Input): void {
    this.#guarded(() => {
      this.core.step(input);
      this.#schedule();
    });
  }

  #send(envelopes: readonly Envelope[]): void {
    if (this.#halted) return;
    for (const { to, message } of envelopes) this.#environment.send(to, message);
  }

  #lookAtStorage(): void {
    if (this.#storage === 'broken') return;
    const { full } = this.#options.store;
    if (full === (this.#storage === 'full')) return;
    this.#storage = full ? 'full' : 'ok';
    this.#input({ kind: 'storage-full', nowMs: this.#now(), full });
  }

  #lookAtClock(): void {
    const standstills = this.#environment.standstills();
    if (standstills === this.#standstills) return;
    this.#standstills = standstills;
    this.#input({ kind: 'stood-still', nowMs: this.#now() });
  }

  #storeBroke(detail: string): void {
    this.#storage = 'broken';
    this.#fatal(`the store is broken: ${detail}`);
  }

  #schedule(): void {
    if (this.#scheduled || this.#halted) return;
    this.#scheduled = true;
    this.#environment.defer(this.#runTurn);
  }

  #now(): number {
    return this.#environment.nowMs();
  }

  #guarded(run: () => void): void {
    if (this.#halted) return;
    try {
      run();
    } catch (cause) {
      this.#fatal('an invariant is broken', cause);
    }
  }

  #fatal(reason: string, cause?: unknown): void {
    if (this.#halted) return;
    this.halt();
    this.#options.onFatal(reason, cause);
  }
}
