import { encodeMembership } from '../membership.ts';
import { logIndex, nodeId, term, type NodeId } from '../ids.ts';
import { invariant } from '../invariant.ts';
import type { Envelope, Message } from '../message.ts';
import { testLimits, testTiming } from './settings.ts';
import { TestNode } from './test-node.ts';
import { traceEffects, traceMessage } from './trace.ts';

export interface InTransit {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly message: Message;
}

export interface StartEntry {
  readonly term: number;
  readonly bytes: number;
}

export interface ScenarioOptions {
  readonly voters: readonly string[];
  readonly outgoing: readonly string[];
  readonly learners: readonly string[];
  readonly localReads: boolean;
  /** The entries that a node starts with, from index 1. */
  readonly logs: ReadonlyMap<string, readonly StartEntry[]>;
  readonly terms: ReadonlyMap<string, number>;
}

const scenarioLeases = {
  leaseMs: 200,
  driftMs: 10,
  lagMaxMs: 50,
  readmitMinMs: 300,
  readmitMaxMs: 1_200,
};

/**
 * A cluster that does only what it is told: no message arrives, no write completes and no time passes
 * without a command. Every node draws the shortest election timeout; time passes for one at a time.
 */
export class ScenarioCluster {
  readonly nodes = new Map<string, TestNode>();
  transit: InTransit[] = [];
  nowMs = 0;
  /** Their disks complete nothing while the rest comes to rest. */
  readonly hung = new Set<TestNode>();
  private readonly cut = new Set<string>();

  constructor(options: ScenarioOptions) {
    const ids = (names: readonly string[]): NodeId[] => names.map((name) => nodeId(name));
    const bootstrap = {
      voters: ids(options.voters),
      outgoing: ids(options.outgoing),
      learners: ids(options.learners),
    };
    const names = new Set([...options.voters, ...options.outgoing, ...options.learners]);
    for (const name of names) {
      const node = new TestNode(
        {
          id: nodeId(name),
          bootstrap,
          random: () => 0,
          timing: testTiming,
          limits: testLimits,
          localReads: options.localReads ? scenarioLeases : undefined,
        },
        0,
      );
      const start = options.logs.get(name) ?? [];
      node.disk.entries = start.map((of, i) => ({
        index: logIndex(i + 1),
        term: term(of.term),
        atMs: 0,
        kind: 'command',
        payload: new Uint8Array(of.bytes),
      }));
      const known = options.terms.get(name) ?? start.at(-1)?.term ?? 0;
      node.disk.hardState = { term: term(known), vote: undefined };
      node.start(0);
      this.nodes.set(name, node);
    }
  }

  node(name: string): TestNode {
    const node = this.nodes.get(name);
    invariant(node !== undefined, `there is no node ${name}`);
    return node;
  }

  /** Lets time pass: the clock of all, but only `ticking` act on it. */
  pass(ms: number, ticking: readonly TestNode[]): void {
    const end = this.nowMs + ms;
    while (this.nowMs < end) {
      this.nowMs = Math.min(end, this.nowMs + 10);
      for (const node of this.nodes.values()) {
        if (ticking.includes(node)) node.step({ kind: 'tick', nowMs: this.nowMs });
        else node.step({ kind: 'applied', nowMs: this.nowMs, index: node.applied });
      }
    }
  }

  propose(name: string, payloads: readonly string[]): string {
    const proposals = payloads.map((text) =>
      text.startsWith('members:')
        ? { kind: 'membership' as const, payload: membershipOf(text.slice('members:'.length)) }
        : { kind: 'command' as const, payload: payloadOf(text) },
    );
    const result = this.node(name).core.propose(proposals, this.nowMs);
    if (result.kind === 'appended') return `appended from ${result.firstIndex}`;
    if (result.kind === 'not-leader') return `not leader, ask ${result.leader ?? 'nobody'}`;
    return result.kind;
  }

  take(node: TestNode): string[] {
    const effects = node.take();
    if (effects === undefined) return [];
    this.post(node.id, effects.send);
    return traceEffects(node.id, effects);
  }

  persist(node: TestNode): string[] {
    const write = node.writes[0];
    if (write === undefined) return [];
    this.post(node.id, node.persistNext(this.nowMs));
    return [`${node.id} wrote #${write.id}`];
  }

  deliver(wanted: (sent: InTransit) => boolean): string[] {
    const chosen = this.transit.filter(wanted);
    this.transit = this.transit.filter((sent) => !chosen.includes(sent));
    return chosen.map((sent) => this.hand(sent));
  }

  /** As `deliver`, but the messages stay under way: a network may bring them again. */
  deliverCopies(wanted: (sent: InTransit) => boolean): string[] {
    return this.transit.filter(wanted).map((sent) => this.hand(sent));
  }

  drop(wanted: (sent: InTransit) => boolean): string[] {
    const chosen = this.transit.filter(wanted);
    this.transit = this.transit.filter((sent) => !chosen.includes(sent));
    return chosen.map(({ from, to, message }) => `lost ${traceMessage(from, to, message)}`);
  }

  setCut(from: string, to: string, cut: boolean): void {
    if (cut) this.cut.add(`${from}→${to}`);
    else this.cut.delete(`${from}→${to}`);
  }

  /** Everything that can happen without time passing, in rounds, until nothing does. */
  settle(): string[] {
    const lines: string[] = [];
    for (let round = 0; round < 200; round++) {
      let moved = false;
      for (const node of this.nodes.values()) {
        moved ||= node.alive && node.core.hasEffects();
        lines.push(...this.take(node));
        moved ||= node.chunkReads.length > 0 || node.chunkStores.length > 0;
        while (node.writes.length > 0 && !this.hung.has(node)) this.persist(node);
        while (node.toApply.length > 0) node.applyNext(this.nowMs);
        while (node.chunkReads.length > 0) node.readNextChunk(this.nowMs, 3);
        while (node.chunkStores.length > 0) node.storeNextChunk(this.nowMs);
      }
      moved ||= this.transit.length > 0;
      this.deliver(() => true);
      if (!moved) return lines;
    }
    throw new Error('it never comes to rest');
  }

  private post(from: NodeId, envelopes: readonly Envelope[]): void {
    for (const { to, message } of envelopes) this.transit.push({ from, to, message });
  }

  private hand({ from, to, message }: InTransit): string {
    const line = traceMessage(from, to, message);
    const node = this.nodes.get(to);
    if (node?.alive !== true || this.cut.has(`${from}→${to}`)) return `lost ${line}`;
    node.step({ kind: 'message', nowMs: this.nowMs, from, message });
    return line;
  }
}

/** `bytes:500` is as large as it says, anything else is itself. */
function payloadOf(text: string): Uint8Array {
  const [, bytes] = /^bytes:(\d+)$/.exec(text) ?? [];
  return bytes === undefined ? new TextEncoder().encode(text) : new Uint8Array(Number(bytes));
}

/** `abc/bcd+e`: voters, then the outgoing half, then learners. */
function membershipOf(text: string): Uint8Array {
  const [, voters = '', outgoing = '', learners = ''] =
    /^([a-z]*)(?:\/([a-z]*))?(?:\+([a-z]*))?$/.exec(text) ?? [];
  const ids = (names: string): NodeId[] => Array.from(names, (name) => nodeId(name));
  return encodeMembership({
    voters: ids(voters),
    outgoing: ids(outgoing),
    learners: ids(learners),
  });
}
