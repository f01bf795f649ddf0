import type { Entry } from '../entry.ts';
import { logIndex, nodeId, type LogIndex, type NodeId } from '../ids.ts';
import { invariant } from '../invariant.ts';
import type { Envelope, Message } from '../message.ts';
import type { LocalReads } from '../options.ts';
import { seededRandom } from './random.ts';
import { testLimits, testTiming } from './settings.ts';
import { TestNode } from './test-node.ts';

export interface RandomClusterOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly learners: number;
  readonly localReads: LocalReads | undefined;
}

interface InTransit {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly message: Message;
}

/**
 * A cluster of bare cores under every fault that a seed can draw: messages lost, doubled, late and out
 * of order, crashes between a write and its completion, pauses, cut links, snapshots at odd moments.
 * After every event the promises of the paper's figure 3 are checked, and those of local reads.
 */
export class RandomCluster {
  readonly random: () => number;
  readonly nodes: TestNode[];
  nowMs = 1_000;
  transit: InTransit[] = [];
  loss = 0.05;
  readonly committedEntries = new Map<number, Entry>();
  readonly leaders = new Map<number, NodeId>();
  maxCommit = 0;
  maxSettled = 0;
  readsServed = 0;
  localReads = 0;
  private readonly cut = new Set<string>();
  private readonly paused = new Map<NodeId, number>();
  private readonly readFloors = new Map<number, number>();
  private nextReadId = 1;
  private readonly watermarks = new Map<NodeId, { life: number; commit: number; term: number }>();

  constructor(options: RandomClusterOptions) {
    this.random = seededRandom(options.seed);
    const ids = Array.from({ length: options.nodes }, (_, i) => nodeId(`n${i + 1}`));
    const voters = ids.slice(0, options.nodes - options.learners);
    const learners = ids.slice(options.nodes - options.learners);
    this.nodes = ids.map(
      (id) =>
        new TestNode(
          {
            id,
            bootstrap: { voters, outgoing: [], learners },
            random: this.random,
            timing: testTiming,
            limits: testLimits,
            localReads: options.localReads,
          },
          this.nowMs,
        ),
    );
  }

  run(events: number): void {
    for (let i = 0; i < events; i++) {
      this.event();
      this.check();
    }
  }

  /** No more faults: everything is delivered and written, and the cluster must get going. */
  heal(budgetMs: number): void {
    this.loss = 0;
    this.cut.clear();
    this.paused.clear();
    for (const node of this.nodes) {
      if (!node.alive) node.start(this.nowMs);
      node.step({ kind: 'storage-full', nowMs: this.nowMs, full: false });
    }
    const target = this.maxCommit + 1;
    const end = this.nowMs + budgetMs;
    while (this.nowMs < end) {
      this.nowMs += 5;
      for (const node of this.nodes) node.step({ kind: 'tick', nowMs: this.nowMs });
      this.propose();
      for (let i = 0; i < 40; i++) {
        for (const node of this.nodes) this.work(node);
        for (const sent of this.transit.splice(0)) this.deliver(sent);
      }
      this.check();
      if (this.nodes.every((node) => node.applied >= target)) return;
    }
    invariant(false, 'a healed cluster commits again, everywhere');
  }

  private event(): void {
    const draw = this.random();
    const node = this.pick(this.nodes);
    if (draw < 0.35) {
      this.advance(this.random() * 6);
    } else if (draw < 0.8) {
      this.deliverSome();
    } else if (draw < 0.9) {
      this.propose();
    } else if (draw < 0.94) {
      this.read(node);
    } else if (draw < 0.943) {
      this.crashOrStart(node);
    } else if (draw < 0.948) {
      this.paused.set(node.id, this.nowMs + this.random() * 800);
    } else if (draw < 0.955) {
      this.cutSomething(node);
    } else if (draw < 0.97) {
      node.takeSnapshot(this.nowMs);
    } else if (draw < 0.972) {
      node.step({ kind: 'transfer', nowMs: this.nowMs, to: undefined });
    } else if (draw < 0.974) {
      node.step({ kind: 'storage-full', nowMs: this.nowMs, full: this.random() < 0.3 });
    } else if (draw < 0.98) {
      const peer = this.pick(this.nodes).id;
      const refused = this.random() < 0.5;
      node.step({ kind: 'peer-reset', nowMs: this.nowMs, peer, refused });
    } else {
      this.cut.clear();
    }
    for (const one of this.nodes) {
      if (!one.alive && this.random() < 0.02) one.start(this.nowMs);
      if (this.random() < 0.6 && !this.isPaused(one)) this.work(one);
    }
  }

  private advance(byMs: number): void {
    this.nowMs += byMs;
    for (const node of this.nodes) {
      if (!this.isPaused(node)) node.step({ kind: 'tick', nowMs: this.nowMs });
    }
  }

  private isPaused(node: TestNode): boolean {
    return (this.paused.get(node.id) ?? 0) > this.nowMs;
  }

  /** One turn of a node's driver, with everything that is asynchronous left undone at random. */
  private work(node: TestNode): void {
    const effects = node.take();
    this.post(node.id, effects?.send ?? []);
    for (const { id, index } of effects?.reads ?? []) this.readReady(id, index);
    const calm = this.loss === 0;
    while (node.writes.length > 0 && (calm || this.random() < 0.6)) {
      this.post(node.id, node.persistNext(this.nowMs));
    }
    while (node.toApply.length > 0 && (calm || this.random() < 0.8)) this.apply(node);
    if (calm || this.random() < 0.5) node.readNextChunk(this.nowMs, 6);
    if (calm || this.random() < 0.5) node.storeNextChunk(this.nowMs, !calm && this.random() < 0.05);
  }

  private apply(node: TestNode): void {
    const entry = node.applyNext(this.nowMs);
    if (entry === undefined) return;
    const known = this.committedEntries.get(entry.index);
    if (known === undefined) this.committedEntries.set(entry.index, entry);
    else invariant(sameEntry(known, entry), 'state machine safety: one entry for an index');
  }

  private post(from: NodeId, envelopes: readonly Envelope[]): void {
    for (const { to, message } of envelopes) {
      if (this.random() < this.loss) continue;
      this.transit.push({ from, to, message });
      if (this.random() < this.loss) this.transit.push({ from, to, message });
    }
    // A network does not hold messages without end.
    if (this.transit.length > 400) this.transit.splice(0, 100);
  }

  private deliverSome(): void {
    for (let i = 0; i < 4 && this.transit.length > 0; i++) {
      const inOrder = this.random() < 0.8;
      const at = inOrder ? 0 : Math.floor(this.random() * this.transit.length);
      const [sent] = this.transit.splice(at, 1);
      if (sent !== undefined) this.deliver(sent);
    }
  }

  private deliver(sent: InTransit): void {
    const { from, to, message } = sent;
    if (this.cut.has(`${from}>${to}`)) return;
    const node = this.nodes.find((n) => n.id === to);
    if (node === undefined) return;
    if (this.isPaused(node)) this.transit.push(sent);
    else node.step({ kind: 'message', nowMs: this.nowMs, from, message });
  }

  private propose(): void {
    const node = this.nodes.find(
      (n) => n.alive && n.core.office.role === 'leader' && !this.isPaused(n),
    );
    if (node === undefined) return;
    const count = 1 + Math.floor(this.random() * 4);
    const proposals = Array.from({ length: count }, () => ({
      kind: 'command' as const,
      payload: new Uint8Array(Math.floor(this.random() * 60)),
    }));
    node.core.propose(proposals, this.nowMs);
  }

  private read(node: TestNode): void {
    if (!node.alive || this.isPaused(node)) return;
    const id = this.nextReadId++;
    this.readFloors.set(id, this.maxCommit);
    node.step({ kind: 'read', nowMs: this.nowMs, id });
  }

  private readReady(id: number, index: LogIndex | undefined): void {
    const floor = this.readFloors.get(id);
    invariant(floor !== undefined, 'a read is answered once');
    this.readFloors.delete(id);
    if (index === undefined) return;
    invariant(index >= floor, 'a read sees everything committed before it');
    this.readsServed += 1;
  }

  private crashOrStart(node: TestNode): void {
    if (!node.alive) {
      node.start(this.nowMs);
    } else {
      // Writes under way may have reached the disk or not, but only in their order.
      while (node.writes.length > 0 && this.random() < 0.5)
        node.disk.complete(node.writes.shift()!);
      node.crash();
    }
  }

  private cutSomething(node: TestNode): void {
    const other = this.pick(this.nodes);
    this.cut.add(`${node.id}>${other.id}`);
    if (this.random() < 0.5) this.cut.add(`${other.id}>${node.id}`);
    if (this.random() < 0.2) {
      for (const { id } of this.nodes) this.cut.add(`${node.id}>${id}`).add(`${id}>${node.id}`);
    }
  }

  private pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)]!;
  }

  private check(): void {
    for (const node of this.nodes) if (node.alive) this.checkNode(node);
    for (const node of this.nodes) if (node.alive) this.checkLease(node);
    invariant(this.maxSettled <= this.maxCommit, 'what is settled is committed');
  }

  private checkNode(node: TestNode): void {
    const { core, id } = node;
    const { role, term } = core.office;
    if (role === 'leader') {
      const known = this.leaders.get(term);
      invariant(known === undefined || known === id, 'election safety: one leader in a term');
      if (known === undefined) this.checkCompleteness(node);
      this.leaders.set(term, id);
    }
    const before = this.watermarks.get(id);
    if (before?.life === node.incarnation) {
      invariant(core.commit >= before.commit && term >= before.term, 'watermarks never go back');
    }
    this.watermarks.set(id, { life: node.incarnation, commit: core.commit, term });
    invariant(node.applied <= core.commit && core.commit <= core.lastIndex, 'in their order');
    if (core.commit > this.maxCommit) {
      this.checkDurable(node, core.commit);
      this.maxCommit = core.commit;
    }
    this.maxSettled = Math.max(this.maxSettled, core.settled);
  }

  /**
   * Leader completeness: whoever is elected has everything that was committed in earlier terms. One that
   * wakes up to an election won long ago need not have what later leaders committed.
   */
  private checkCompleteness({ core }: TestNode): void {
    if ([...this.leaders.keys()].some((term) => term > core.office.term)) return;
    invariant(
      core.lastIndex >= this.maxCommit,
      'leader completeness: nothing committed is missing',
    );
    for (const [index, entry] of this.committedEntries) {
      const own = core.entryAt(logIndex(index));
      invariant(own === undefined || sameEntry(own, entry), 'leader completeness');
    }
  }

  private checkDurable({ core }: TestNode, commit: LogIndex): void {
    const entry = core.entryAt(commit);
    const holders = this.nodes.filter(({ disk }) => {
      const own = disk.entryAt(commit);
      return own === undefined || entry === undefined
        ? (disk.snapshot?.index ?? 0) >= commit
        : sameEntry(own, entry);
    });
    const voters = core.membership.voters;
    const counted = holders.filter(({ id }) => voters.includes(id)).length;
    invariant(counted * 2 > voters.length, 'what is committed is durable on a quorum');
  }

  /** Whoever may answer from its memory has everything that anybody was ever shown. */
  private checkLease(node: TestNode): void {
    if (this.isPaused(node) || !node.core.mayServeLocally(this.nowMs)) return;
    this.localReads += 1;
    invariant(node.core.lastIndex >= this.maxSettled, 'who may serve has all that is settled');
    const settled = this.committedEntries.get(this.maxSettled);
    const own = node.core.entryAt(logIndex(this.maxSettled));
    const same = settled === undefined || own === undefined || sameEntry(settled, own);
    invariant(same, 'who may serve has what is settled, and not something else');
  }
}

const sameEntry = (a: Entry, b: Entry): boolean =>
  a.index === b.index && a.term === b.term && a.atMs === b.atMs && a.payload === b.payload;
