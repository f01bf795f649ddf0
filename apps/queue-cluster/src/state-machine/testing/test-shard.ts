import { logIndex, nodeId, type AppliedAt, type Notice } from '@quorate/raft';
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

export const noLimits = {
  queueMessagesMax: 1e9,
  queueBytesMax: 1e12,
  shardMessagesMax: 1e9,
  shardBytesMax: 1e12,
  shardDedupIdsMax: 1e6,
  shardQueuesMax: 1e6,
};

type Dequeue = Extract<QueueCommand, { kind: 'dequeue' }>;

/** One shard with a clock that the test moves, and shorthands for commands. */
export class TestShard {
  machine: QueueMachine;
  atMs = 0;
  index = 0;
  origin = { node: nodeId('n1'), incarnation: 1 };
  events: QueueEvent[] = [];
  readonly #options: ConstructorParameters<typeof QueueMachine>[0];
  #lastWait = 0;

  constructor(options = { shard: 0, shardOf: (_queue: string) => 0 }) {
    this.#options = options;
    this.machine = new QueueMachine(options);
  }

  apply(command: QueueCommand): QueueReply {
    const { reply, events } = this.machine.apply(command, this.#at());
    this.events.push(...events);
    return reply;
  }

  notice(notice: Notice): void {
    this.events.push(...this.machine.notice(notice, this.#at()));
  }

  enqueue(queue: string, ...messages: readonly NewMessage[]): QueueReply {
    return this.apply({ kind: 'enqueue', queue, messages, wallMs: 0, limits: noLimits });
  }

  dequeue(queue: string, options: Partial<Dequeue> = {}): QueueReply {
    this.#lastWait += 1;
    return this.apply({
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
      inFlightMax: 1_000,
      shardWaitersMax: 100_000,
      shardQueuesMax: 1e6,
      ...options,
    });
  }

  /** What a dequeue gives; fails when it gives something else than messages. */
  take(queue: string, options: Partial<Dequeue> = {}): readonly Delivered[] {
    const reply = this.dequeue(queue, options);
    if (reply.kind !== 'delivered') throw new Error(`the dequeue was answered ${reply.kind}`);
    return reply.messages;
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

  /** Goes on with a copy made from a snapshot; what happens while it is read is not in it. */
  restart(meanwhile: () => void = () => undefined): void {
    const before = { index: this.index, atMs: this.atMs };
    const pieces: Uint8Array[] = [];
    for (const piece of this.machine.snapshot()) {
      pieces.push(Uint8Array.from(piece));
      if (pieces.length === 1) meanwhile();
    }
    this.machine = restored(pieces, this.#options);
    Object.assign(this, before);
  }

  #at(): AppliedAt {
    this.index += 1;
    return { index: logIndex(this.index), atMs: this.atMs, origin: this.origin };
  }
}

export function restored(
  pieces: Iterable<Uint8Array>,
  options: ConstructorParameters<typeof QueueMachine>[0],
): QueueMachine {
  const machine = new QueueMachine(options);
  const sink = machine.restore();
  for (const piece of pieces) sink.write(piece);
  sink.end();
  return machine;
}
