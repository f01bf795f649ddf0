import type { Entry } from '../core/entry.ts';
import { SnapshotParts } from '../state/snapshot-parts.ts';
import { decodeGone, describeEntry, EnvelopeReader, type Envelope } from './envelope.ts';
import type { Outcome } from './group.ts';
import { RequestTable, type RequestTableLimits } from './request-table.ts';
import { Sessions } from './sessions.ts';
import type { AppliedAt, Codec, Notice, Origin, StateMachine } from './state-machine.ts';

export interface ReplicatedStateOptions<Command, Reply, Event> {
  readonly machine: StateMachine<Command, Reply, Event>;
  readonly commands: Codec<Command>;
  readonly replies: Codec<Reply>;
  readonly requests: RequestTableLimits;
  /** This life of this node: only its own proposals are of interest to those who wait here. */
  readonly own: Origin;
  readonly onOwn: (sequence: number, outcome: Outcome<Reply>) => void;
  readonly onEvents: (events: readonly Event[], at: AppliedAt) => void;
}

/**
 * All that the log decides: the service's state machine, the sessions of the nodes and the table of
 * requests. Pure: the same entries give the same state on every node. What differs between nodes is
 * only who is told: each tells the callers that wait on itself.
 */
export class ReplicatedState<Command, Reply, Event> {
  readonly sessions = new Sessions();
  readonly requests: RequestTable;
  readonly #options: ReplicatedStateOptions<Command, Reply, Event>;
  readonly #reader = new EnvelopeReader();
  readonly #parts: SnapshotParts;

  constructor(options: ReplicatedStateOptions<Command, Reply, Event>) {
    this.#options = options;
    this.requests = new RequestTable(options.requests);
    this.#parts = new SnapshotParts([this.sessions.part(), this.requests.part()]);
  }

  apply(entry: Entry): void {
    const envelope = this.#reader.read(entry.payload);
    // What is no envelope was never proposed by a replica; every node passes it over.
    if (envelope === undefined) return;
    const { origin } = envelope;
    const at: AppliedAt = { index: entry.index, atMs: entry.atMs, origin };
    this.requests.expire(entry.atMs);
    const witnessed = this.sessions.witness(origin);
    if (witnessed === 'former-life') return;
    if (witnessed === 'started') this.#notice({ kind: 'node-started', ...origin }, at);
    switch (envelope.kind) {
      case 'command':
        if (this.sessions.admit(origin, envelope.sequence, envelope.floor)) {
          this.#applyCommand(envelope, at);
        }
        return;
      case 'clock':
        this.#notice({ kind: 'clock' }, at);
        return;
      case 'node-gone':
        this.#giveUp(envelope, at);
        return;
      case 'node-started':
        // Being witnessed was all that it was for.
        return;
    }
  }

  /** The next moment at which a clock entry would change something. */
  nextDeadline(): number | undefined {
    const machine = this.#options.machine.nextDeadline();
    const request = this.requests.nextDeadline();
    // Every entry forgets old requests; a clock entry is worth its while only where none has come.
    const lazily = request === undefined ? Infinity : request + 1_000;
    const least = Math.min(machine ?? Infinity, lazily);
    return least === Infinity ? undefined : least;
  }

  /** The driver's part of a snapshot, to be written in front of the state machine's. */
  ownParts(): SnapshotParts {
    return this.#parts;
  }

  /** The first reply to a request, where the table still has it. */
  replyTo(
    request: Parameters<RequestTable['lookUp']>[0],
    atMs: number,
  ): Outcome<Reply> | undefined {
    const looked = this.requests.lookUp(request, atMs);
    if (looked.kind !== 'repeated') return undefined;
    const reply = this.#options.replies.decode(looked.reply);
    return { kind: 'repeated', reply, index: looked.index };
  }

  #applyCommand(envelope: Envelope, at: AppliedAt): void {
    const { request } = envelope;
    if (request === undefined) {
      const command = this.#decode(envelope, at);
      const { reply, events } = this.#options.machine.apply(command, at);
      if (this.#isOwn(envelope)) {
        this.#options.onOwn(envelope.sequence, { kind: 'applied', reply, index: at.index });
      }
      if (events.length > 0) this.#options.onEvents(events, at);
      return;
    }
    const outcome = this.#applyRequest(envelope, request, at);
    if (this.#isOwn(envelope)) this.#options.onOwn(envelope.sequence, outcome.answer);
    if (outcome.events.length > 0) this.#options.onEvents(outcome.events, at);
  }

  #applyRequest(
    envelope: Envelope,
    request: NonNullable<Envelope['request']>,
    at: AppliedAt,
  ): { readonly answer: Outcome<Reply>; readonly events: readonly Event[] } {
    const { machine, replies } = this.#options;
    const looked = this.requests.lookUp(request, at.atMs);
    switch (looked.kind) {
      case 'reused':
        return { answer: { kind: 'refused', why: 'request-id-reused' }, events: [] };
      case 'full':
        return { answer: { kind: 'refused', why: 'overloaded' }, events: [] };
      case 'repeated': {
        const first = replies.decode(looked.reply);
        if (machine.repeat === undefined) {
          return { answer: { kind: 'repeated', reply: first, index: looked.index }, events: [] };
        }
        const { reply, events } = machine.repeat(this.#decode(envelope, at), first, at);
        return { answer: { kind: 'repeated', reply, index: at.index }, events };
      }
      case 'new': {
        const { reply, events } = machine.apply(this.#decode(envelope, at), at);
        const encoded = replies.encode(reply);
        this.requests.remember(request, { index: at.index, atMs: at.atMs, reply: encoded });
        return { answer: { kind: 'applied', reply, index: at.index }, events };
      }
    }
  }

  #giveUp(envelope: Envelope, at: AppliedAt): void {
    const life = decodeGone(envelope.body);
    if (life === undefined || !this.sessions.giveUp(life)) return;
    this.#notice({ kind: 'node-gone', node: life.node }, at);
  }

  #notice(notice: Notice, at: AppliedAt): void {
    const events = this.#options.machine.notice(notice, at);
    if (events.length > 0) this.#options.onEvents(events, at);
  }

  #isOwn({ origin }: Envelope): boolean {
    const { own } = this.#options;
    return origin.incarnation === own.incarnation && origin.node === own.node;
  }

  #decode(envelope: Envelope, at: AppliedAt): Command {
    try {
      return this.#options.commands.decode(envelope.body);
    } catch (cause) {
      // A newer version wrote it, most likely. To pass over it would part this node from the others.
      throw new Error(`cannot read ${describeEntry(at.index, envelope)}`, { cause });
    }
  }
}
