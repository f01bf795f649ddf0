import type { Applied, AppliedAt, Codec, Notice, SnapshotSink, StateMachine } from '@quorate/raft';
import { digestBytes, digestNumber, digestStart, digestText } from './digest.ts';
import { hold } from './violation.ts';

/**
 * What the first node to apply something saw; every other node must see the same at the same place
 * (state-machine safety, §5.4.3). The digest is a chain, so one comparison covers all before it.
 */
export class AppliedHistory {
  private readonly digests = new Map<string, number>();

  agree(node: string, place: string, digest: number, what: () => string): void {
    const known = this.digests.get(place);
    if (known === undefined) {
      this.digests.set(place, digest);
      return;
    }
    hold(
      known === digest,
      'state-machine safety',
      () => `${node} applied something else at ${place}: ${what()}`,
    );
  }
}

/**
 * Any machine, watched: the sequence of what is applied, with replies and events, is compared across
 * nodes; indexes only grow within a life; the log's time never goes back. The digest of the history
 * travels in snapshots, as their first piece.
 */
export class CheckedMachine<Command, Reply, Event> implements StateMachine<Command, Reply, Event> {
  private readonly node: string;
  private readonly machine: StateMachine<Command, Reply, Event>;
  private readonly codec: Codec<Command>;
  private readonly history: AppliedHistory;
  private digest = digestStart;
  private index = 0;
  private nth = 0;
  private restoredIndex = 0;
  private atMs = -Infinity;

  constructor(
    node: string,
    machine: StateMachine<Command, Reply, Event>,
    codec: Codec<Command>,
    history: AppliedHistory,
  ) {
    this.node = node;
    this.machine = machine;
    this.codec = codec;
    this.history = history;
  }

  apply(command: Command, at: AppliedAt): Applied<Reply, Event> {
    this.enter(at);
    const applied = this.machine.apply(command, at);
    this.digest = digestBytes(this.digest, this.codec.encode(command));
    this.leave(JSON.stringify([applied.reply, applied.events]), () => JSON.stringify(command));
    return applied;
  }

  notice(notice: Notice, at: AppliedAt): readonly Event[] {
    this.enter(at);
    const events = this.machine.notice(notice, at);
    this.leave(JSON.stringify([notice, events]), () => JSON.stringify(notice));
    return events;
  }

  nextDeadline(): number | undefined {
    return this.machine.nextDeadline();
  }

  snapshot(): Iterable<Uint8Array> {
    const head = Buffer.alloc(24);
    head.writeInt32BE(this.digest, 0);
    head.writeUIntBE(this.index, 4, 6);
    head.writeUInt32BE(this.nth, 10);
    head.writeDoubleBE(this.atMs, 16);
    return withHead(head, this.machine.snapshot());
  }

  restore(): SnapshotSink {
    const inner = this.machine.restore();
    let headRead = false;
    return {
      write: (piece) => {
        if (headRead) {
          inner.write(piece);
          return;
        }
        headRead = true;
        const head = Buffer.from(piece);
        this.digest = head.readInt32BE(0);
        this.index = head.readUIntBE(4, 6);
        this.nth = head.readUInt32BE(10);
        this.restoredIndex = this.index;
        this.atMs = head.readDoubleBE(16);
      },
      end: () => inner.end(),
    };
  }

  private enter(at: AppliedAt): void {
    hold(
      at.index >= this.index && at.index > this.restoredIndex,
      'applied once, in order',
      () => `${this.node} applied index ${at.index} after ${this.index}`,
    );
    hold(
      at.atMs >= this.atMs,
      'clock stamps never decrease',
      () => `${this.node} applied index ${at.index} at ${at.atMs} after ${this.atMs}`,
    );
    if (at.index === this.index) {
      this.nth++;
    } else {
      const before = `all of ${this.index}`;
      this.history.agree(this.node, before, this.nth, () => `${this.nth + 1} times in a row`);
      this.nth = 0;
    }
    this.index = at.index;
    this.atMs = at.atMs;
    this.digest = digestNumber(digestNumber(this.digest, at.index), at.atMs);
    this.digest = digestText(this.digest, at.origin.node);
    this.digest = digestNumber(this.digest, at.origin.incarnation);
  }

  private leave(outcome: string, what: () => string): void {
    this.digest = digestText(this.digest, outcome);
    this.history.agree(this.node, `${this.index}.${this.nth}`, this.digest, what);
  }
}

function* withHead(head: Uint8Array, rest: Iterable<Uint8Array>): Iterable<Uint8Array> {
  yield head;
  yield* rest;
}
