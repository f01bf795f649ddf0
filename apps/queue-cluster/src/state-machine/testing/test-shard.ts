import { logIndex, nodeId, type Applied, type AppliedAt, type Notice } from '@quorate/raft';
import { commandCodec } from '../command-codec.ts';
import type {
  Delivered,
  NewMessage,
  QueueCommand,
  QueueEvent,
  QueueReply,
  Settled,
  SettingsChange,
} from '../commands.ts';
import { parseReceipt } from '../message-id.ts';
import { QueueMachine } from '../queue-machine.ts';
import { replyCodec } from '../reply-codec.ts';
import type { ShardOptions } from '../shard-state.ts';
import { packr } from '../tagged.ts';

export const noLimits = {
  queueMessagesMax: 1e9,
  queueBytesMax: 1e12,
  shardMessagesMax: 1e9,
  shardBytesMax: 1e12,
  shardDedupIdsMax: 1e6,
  shardQueuesMax: 1e6,
};

export type Dequeue = Extract<QueueCommand, { kind: 'dequeue' }>;
type Result = Applied<QueueReply, QueueEvent>;

/**
 * One shard with a clock that the test moves, and shorthands for commands. Commands go through the
 * codec, as they would through the log; a request's first reply goes through the other, as it would
 * through the table of requests.
 *
 * From `fork` on a second machine, restored from a snapshot, is told the same: whatever the two answer
 * differently is an error, since they might be two nodes.
 */
export class TestShard {
  machine: QueueMachine;
  twin: QueueMachine | undefined;
  atMs = 0;
  index = 0;
  origin = { node: nodeId('n1'), incarnation: 1 };
  events: QueueEvent[] = [];
  readonly #options: ShardOptions;
  readonly #requests = new Map<string, Uint8Array>();
  #lastWait = 0;

  constructor(options: ShardOptions = { shard: 0, shardOf: () => 0 }) {
    this.#options = options;
    this.machine = new QueueMachine(options);
  }

  apply(command: QueueCommand): QueueReply {
    const decoded = commandCodec.decode(commandCodec.encode(command));
    return this.#tell((machine, at) => machine.apply(decoded, at)).reply;
  }

  /** Done when it comes for the first time; then repeated. */
  request(id: string, command: QueueCommand): QueueReply {
    const first = this.#requests.get(id);
    if (first === undefined) {
      const reply = this.apply(command);
      this.#requests.set(id, replyCodec.encode(reply));
      return reply;
    }
    const decoded = commandCodec.decode(commandCodec.encode(command));
    return this.#tell((machine, at) => machine.repeat(decoded, replyCodec.decode(first), at)).reply;
  }

  notice(notice: Notice): void {
    this.#tell((machine, at) => ({ reply: { kind: 'done' }, events: machine.notice(notice, at) }));
  }

  /** Speaks for another node from here on. */
  through(node: string, incarnation = 1): this {
    this.origin = { node: nodeId(node), incarnation };
    return this;
  }

  loseNode(node: string): void {
    this.notice({ kind: 'node-gone', node: nodeId(node) });
  }

  enqueue(queue: string, ...messages: readonly NewMessage[]): QueueReply {
    return this.apply({ kind: 'enqueue', queue, messages, wallMs: 0, limits: noLimits });
  }

  dequeue(queue: string, options: Partial<Dequeue> = {}): QueueReply {
    return this.apply(this.dequeueCommand(queue, options));
  }

  dequeueCommand(queue: string, options: Partial<Dequeue> = {}): Dequeue {
    this.#lastWait += 1;
    return {
      kind: 'dequeue',
      queue,
      group: undefined,
      consumer: undefined,
      max: 1,
      bytesMax: 1e9,
      visibilityMs: undefined,
      waitMs: 0,
      waitNumber: this.#lastWait,
      rememberMs: 0,
      inFlightMax: 1_000_000,
      shardWaitersMax: 100_000,
      shardQueuesMax: 1e6,
      ...options,
    };
  }

  /** What a dequeue gives; fails when it gives something else than messages. */
  take(queue: string, options: Partial<Dequeue> = {}): readonly Delivered[] {
    return deliveredBy(this.dequeue(queue, options));
  }

  ack({ receipt }: Pick<Delivered, 'receipt'>): Settled {
    const reply = this.apply({ kind: 'ack', receipts: [parseReceipt(receipt)!] });
    if (reply.kind !== 'acked') throw new Error(`the ack was answered ${reply.kind}`);
    return reply.results[0]!;
  }

  nack({ receipt }: Pick<Delivered, 'receipt'>, delayMs?: number, error?: string): QueueReply {
    const target = { kind: 'receipt', receipt: parseReceipt(receipt)! } as const;
    return this.apply({ kind: 'nack', target, delayMs, error });
  }

  define(queue: string, change: SettingsChange): QueueReply {
    return this.apply({ kind: 'define', queue, change, shardQueuesMax: 1e6 });
  }

  /** One step. */
  redrive(queue: string, after = 0, upTo = 0): QueueReply {
    return this.apply({ kind: 'redrive', queue, after, upTo });
  }

  /** Lets time pass, and the clock's entries do all that is due. */
  pass(ms: number): void {
    this.atMs += ms;
    for (let i = 0; i < 10_000; i++) {
      this.notice({ kind: 'clock' });
      if ((this.machine.nextDeadline() ?? Infinity) > this.atMs) return;
    }
    throw new Error('what is due never ends');
  }

  takeEvents(): readonly QueueEvent[] {
    const taken = this.events;
    this.events = [];
    return taken;
  }

  eventsOf<K extends QueueEvent['kind']>(kind: K): readonly Extract<QueueEvent, { kind: K }>[] {
    return this.takeEvents().filter(
      (event): event is Extract<QueueEvent, { kind: K }> => event.kind === kind,
    );
  }

  /** Goes on with a copy made from a snapshot; what happens while it is read is not in it. */
  restart(meanwhile: () => void = () => undefined): void {
    const before = { index: this.index, atMs: this.atMs, twin: this.twin };
    const pieces: Uint8Array[] = [];
    for (const piece of this.machine.snapshot()) {
      pieces.push(Uint8Array.from(piece));
      if (pieces.length !== 1) continue;
      this.twin = undefined;
      meanwhile();
    }
    this.machine = restored(pieces, this.#options);
    Object.assign(this, before);
  }

  fork(): void {
    this.twin = restored(this.machine.snapshot(), this.#options);
  }

  /** Ordinals apart, which count what was ever inserted, equal states have equal snapshots. */
  snapshot(machine = this.machine): Buffer {
    return Buffer.concat([...restored(machine.snapshot(), this.#options).snapshot()]);
  }

  #tell(how: (machine: QueueMachine, at: AppliedAt) => Result): Result {
    this.index += 1;
    const at: AppliedAt = { index: logIndex(this.index), atMs: this.atMs, origin: this.origin };
    const result = how(this.machine, at);
    this.events.push(...result.events);
    if (this.twin !== undefined) {
      const said = { ...result, dueAtMs: this.machine.nextDeadline() };
      const other = { ...how(this.twin, at), dueAtMs: this.twin.nextDeadline() };
      expect(packr.pack(other).equals(packr.pack(said)) ? said : other).toEqual(said);
    }
    return result;
  }
}

export function deliveredBy(reply: QueueReply): readonly Delivered[] {
  if (reply.kind !== 'delivered') throw new Error(`the dequeue was answered ${reply.kind}`);
  return reply.messages;
}

export function restored(pieces: Iterable<Uint8Array>, options: ShardOptions): QueueMachine {
  const machine = new QueueMachine(options);
  const sink = machine.restore();
  for (const piece of pieces) sink.write(piece);
  sink.end();
  return machine;
}
