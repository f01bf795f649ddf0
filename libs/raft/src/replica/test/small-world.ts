import { indexZero, nodeId, type NodeId } from '../../core/ids.ts';
import type { DurableWrite } from '../../core/effects.ts';
import type { DurableState, SnapshotMeta } from '../../core/entry.ts';
import type { LogIndex } from '../../core/ids.ts';
import { LogImage } from '../../storage/log-image.ts';
import type { Done, LogStore, ReadDone, SnapshotWriter } from '../../storage/log-store.ts';
import { WriteGate } from '../../storage/write-gate.ts';
import type { Environment } from '../environment.ts';
import type { Outcome, ProposeOptions, RequestRef } from '../group.ts';
import type { ReplicaLimits } from '../options.ts';
import type { PeerMessage } from '../peer-message.ts';
import { createReplica, type Replica } from '../replica.ts';
import {
  jsonCodec,
  type LedgerCommand,
  type LedgerEvent,
  LedgerMachine,
  type LedgerReply,
} from './ledger-machine.ts';

const wireMs = 1;
const diskMs = 1;
const tickMs = 10;

interface Happening {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** A few nodes on one virtual clock: enough to see one replica do one thing. */
export class SmallWorld {
  nowMs = 0;
  readonly nodes = new Map<NodeId, SmallNode>();
  /** False: the message is lost on the way, as on a link that breaks. */
  deliver: (from: NodeId, to: NodeId, message: PeerMessage) => boolean = () => true;
  #order = 0;
  #happenings: Happening[] = [];
  #seed = 1;

  constructor(ids: readonly string[], limits: Partial<ReplicaLimits> = {}) {
    const members = ids.map(nodeId);
    for (const id of members) this.nodes.set(id, new SmallNode(this, id, { members, limits }));
    for (const node of this.nodes.values()) node.start();
    this.after(tickMs, () => this.#tick());
  }

  node(id: string): SmallNode {
    return this.nodes.get(nodeId(id))!;
  }

  get leader(): SmallNode | undefined {
    return [...this.nodes.values()].find((node) => node.replica?.core.office.role === 'leader');
  }

  get follower(): SmallNode {
    return [...this.nodes.values()].find((node) => node.replica?.core.office.role === 'follower')!;
  }

  random(): number {
    this.#seed = (this.#seed * 48_271) % 2_147_483_647;
    return this.#seed / 2_147_483_647;
  }

  after(delayMs: number, run: () => void): void {
    const happening = { atMs: this.nowMs + delayMs, order: this.#order++, run };
    let at = this.#happenings.length;
    while (at > 0 && this.#happenings[at - 1]!.atMs > happening.atMs) at--;
    this.#happenings.splice(at, 0, happening);
  }

  run(durationMs: number): void {
    this.runUntil(() => false, durationMs);
  }

  /** Throws when it does not come true in time. */
  waitFor(condition: () => boolean, withinMs = 10_000): void {
    if (!this.runUntil(condition, withinMs)) throw new Error('it did not come true in time');
  }

  elect(): SmallNode {
    this.waitFor(() => {
      const leader = this.leader?.replica;
      return leader !== undefined && leader.applied === leader.core.lastIndex;
    });
    this.run(300);
    return this.leader!;
  }

  cut(a: string): void {
    this.deliver = (from, to) => from !== a && to !== a;
  }

  heal(): void {
    this.deliver = () => true;
  }

  private runUntil(condition: () => boolean, withinMs: number): boolean {
    const endMs = this.nowMs + withinMs;
    while (!condition()) {
      const next = this.#happenings[0];
      if (next === undefined || next.atMs > endMs) {
        this.nowMs = endMs;
        return false;
      }
      this.#happenings.shift();
      this.nowMs = next.atMs;
      next.run();
    }
    return true;
  }

  #tick(): void {
    for (const node of this.nodes.values()) node.replica?.tick();
    this.after(tickMs, () => this.#tick());
  }
}

export class SmallNode {
  readonly id: NodeId;
  readonly disk = new SmallDisk();
  readonly events: LedgerEvent[] = [];
  readonly fatal: string[] = [];
  machine = new LedgerMachine();
  replica: Replica<LedgerCommand, LedgerReply, LedgerEvent> | undefined;
  incarnation = 0;
  readonly #world: SmallWorld;
  readonly #setup: { members: readonly NodeId[]; limits: Partial<ReplicaLimits> };

  constructor(
    world: SmallWorld,
    id: NodeId,
    setup: { members: readonly NodeId[]; limits: Partial<ReplicaLimits> },
  ) {
    this.#world = world;
    this.id = id;
    this.#setup = setup;
  }

  get live(): Replica<LedgerCommand, LedgerReply, LedgerEvent> {
    return this.replica!;
  }

  start(incarnation = this.incarnation + 1): void {
    this.incarnation = incarnation;
    this.machine = new LedgerMachine();
    const world = this.#world;
    const environment: Environment = {
      nowMs: () => world.nowMs,
      standstills: () => 0,
      random: () => world.random(),
      defer: (run) => world.after(0, run),
      send: (to, message) => this.#send(to, message),
    };
    this.replica = createReplica({
      groupId: 'ledger',
      nodeId: this.id,
      incarnation,
      bootstrap: { voters: this.#setup.members, outgoing: [], learners: [] },
      timing: { electionTimeoutMinMs: 500, electionTimeoutMaxMs: 1_000, heartbeatIntervalMs: 100 },
      limits: {
        inflightMessagesMax: 64,
        inflightBytesMax: 1 << 22,
        appendBytesMax: 1 << 18,
        gatherMs: 2,
        uncommittedBytesMax: 1 << 20,
        trailingBytesMax: 0,
      },
      localReads: undefined,
      store: this.disk.open(world),
      durable: this.disk.durable(),
      machine: this.machine,
      commands: jsonCodec<LedgerCommand>(),
      replies: jsonCodec<LedgerReply>(),
      environment,
      replica: this.#setup.limits,
      onFatal: (reason, cause) => {
        if (cause !== undefined) throw cause as Error;
        this.fatal.push(reason);
      },
    });
    this.replica.onEvents((events) => this.events.push(...events));
  }

  crash(): void {
    this.replica?.halt();
    this.replica = undefined;
    this.disk.crash();
    for (const peer of this.#world.nodes.values()) peer.replica?.peerReset(this.id, true);
  }

  propose(
    command: LedgerCommand,
    options: { readonly withinMs?: number; readonly request?: RequestRef } = {},
  ): Asked<Outcome<LedgerReply>> {
    const asked: Asked<Outcome<LedgerReply>> = { answers: [] };
    const deadlineMs = this.#world.nowMs + (options.withinMs ?? 5_000);
    const proposeOptions: ProposeOptions =
      options.request === undefined ? { deadlineMs } : { deadlineMs, request: options.request };
    this.live.proposeWith(command, proposeOptions, (outcome) => asked.answers.push(outcome));
    return asked;
  }

  #send(to: NodeId, message: PeerMessage): boolean {
    const world = this.#world;
    const sender = this.replica;
    // What is sent is bytes in the end: nothing of it changes on the way.
    world.after(wireMs, () => {
      if (this.replica !== sender || !world.deliver(this.id, to, message)) return;
      world.nodes.get(to)?.replica?.receive(this.id, message);
    });
    return true;
  }
}

export interface Asked<T> {
  readonly answers: T[];
}

/** A disk that takes a moment, can be full, and survives a crash with what was acknowledged. */
export class SmallDisk {
  #image = new LogImage();
  #snapshotBytes = Buffer.alloc(0);
  full = false;
  broken = false;
  #life = 0;

  durable(): DurableState {
    return this.#image.durableState();
  }

  crash(): void {
    this.#life += 1;
  }

  open(world: SmallWorld): LogStore {
    const life = this.#life;
    const gate = new WriteGate();
    const later = (run: () => void) =>
      world.after(diskMs, () => {
        if (life === this.#life) run();
      });
    const isFull = () => this.full;
    return {
      get full() {
        return isFull();
      },
      load: () => Promise.resolve(this.durable()),
      write: (write: DurableWrite, done: Done) =>
        later(() => {
          if (this.broken) done({ kind: 'broken', detail: 'a sync failed' });
          else if (!gate.admits(write, this.full)) done({ kind: 'full', detail: 'no room' });
          else {
            this.#image.apply(write);
            done();
          }
        }),
      compact: (index: LogIndex) => this.#image.compact(index),
      createSnapshot: (meta) => this.#snapshotWriter(meta, later),
      readSnapshot: (index: LogIndex, offset: number, bytesMax: number, done: ReadDone) =>
        later(() => {
          const bytes =
            this.#image.snapshot?.index === index
              ? Buffer.from(this.#snapshotBytes.subarray(offset, offset + bytesMax))
              : undefined;
          const end = offset + (bytes?.length ?? 0);
          done({ bytes, last: bytes !== undefined && end >= this.#snapshotBytes.length });
        }),
      close: () => Promise.resolve(),
    };
  }

  get snapshotIndex(): LogIndex {
    return this.#image.snapshot?.index ?? indexZero;
  }

  #snapshotWriter(meta: SnapshotMeta, later: (run: () => void) => void): SnapshotWriter {
    const pieces: Uint8Array[] = [];
    return {
      append: (bytes, done) => {
        pieces.push(Uint8Array.from(bytes));
        later(done);
      },
      finish: (done) =>
        later(() => {
          if (meta.index > this.snapshotIndex) {
            this.#image.adopt(meta);
            this.#snapshotBytes = Buffer.concat(pieces);
          }
          done();
        }),
      abort: () => undefined,
    };
  }
}
