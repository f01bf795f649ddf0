import {
  SnapshotParts,
  wholePart,
  type Applied,
  type AppliedAt,
  type Notice,
  type SnapshotSink,
  type StateMachine,
} from '@quorate/raft';
import type { QueueCommand, QueueEvent, QueueReply } from './commands.ts';
import { define, deleteQueue, purge } from './define.ts';
import { serveWaits, sortGroups } from './deliver.ts';
import { cancelWait, dequeue, repeatDequeue } from './dequeue.ts';
import { doWhatIsDue, endLives, nextDeadline } from './due.ts';
import { enqueue } from './enqueue.ts';
import { acceptLetters, forgetLetters } from './letters.ts';
import { redrive } from './redrive.ts';
import { ack, ackMessage, confirm, extend, nack, returnReceipts } from './settle.ts';
import { ShardState, type ShardOptions } from './shard-state.ts';
import { packr } from './tagged.ts';

/** The queues of one shard. Each command is one entry of the shard's log, and happens whole. */
export class QueueMachine implements StateMachine<QueueCommand, QueueReply, QueueEvent> {
  readonly #options: ShardOptions;
  #state: ShardState;
  #parts: SnapshotParts;

  constructor(options: ShardOptions) {
    this.#options = options;
    this.#state = new ShardState(options);
    this.#parts = partsOf(this.#state);
  }

  /** To be read only, after a read barrier. */
  get state(): ShardState {
    return this.#state;
  }

  apply(command: QueueCommand, at: AppliedAt): Applied<QueueReply, QueueEvent> {
    const reply = execute(this.#state, command, at);
    serveWaits(this.#state, at);
    return { reply, events: this.#state.takeEvents() };
  }

  repeat(command: QueueCommand, first: QueueReply, at: AppliedAt): Applied<QueueReply, QueueEvent> {
    const reply =
      command.kind === 'dequeue' ? repeatDequeue(this.#state, command, first, at) : first;
    serveWaits(this.#state, at);
    return { reply, events: this.#state.takeEvents() };
  }

  notice(notice: Notice, at: AppliedAt): readonly QueueEvent[] {
    switch (notice.kind) {
      case 'clock':
        doWhatIsDue(this.#state, at);
        break;
      case 'node-started':
        endLives(this.#state, notice, at);
        break;
      case 'node-gone':
        endLives(this.#state, { node: notice.node, incarnation: undefined }, at);
        break;
    }
    serveWaits(this.#state, at);
    return this.#state.takeEvents();
  }

  nextDeadline(): number | undefined {
    return nextDeadline(this.#state);
  }

  snapshot(): Iterable<Uint8Array> {
    return this.#parts.snapshot();
  }

  restore(): SnapshotSink {
    this.#state = new ShardState(this.#options);
    this.#parts = partsOf(this.#state);
    return this.#parts.restore();
  }
}

function execute(state: ShardState, command: QueueCommand, at: AppliedAt): QueueReply {
  switch (command.kind) {
    case 'enqueue':
      return enqueue(state, command, at);
    case 'dequeue':
      return dequeue(state, command, at);
    case 'cancel-wait':
      return cancelWait(state, command, at);
    case 'ack':
      return ack(state, command.receipts, at);
    case 'ack-message':
      return ackMessage(state, command.message, at);
    case 'nack':
      return nack(state, command, at);
    case 'extend':
      return extend(state, command, at);
    case 'return':
      return returnReceipts(state, command.receipts, at);
    case 'confirm':
      return confirm(state, command.upTo, at);
    case 'define':
      return define(state, command, at);
    case 'purge':
      return purge(state, command.queue, at);
    case 'delete':
      return deleteQueue(state, command.queue, at);
    case 'redrive':
      return redrive(state, command, at);
    case 'accept-letters':
      acceptLetters(state, command.fromShard, command.letters, at);
      return { kind: 'letters-seen', upTo: state.lettersSeen.get(command.fromShard) ?? 0 };
    case 'letters-accepted':
      forgetLetters(state, command.byShard, command.upTo);
      return { kind: 'done' };
  }
}

interface Loose {
  readonly counters: ShardState['counters'];
  readonly sent: readonly (readonly [number, number])[];
  readonly seen: readonly (readonly [number, number])[];
  readonly done: readonly (readonly [number, number])[];
}

/** In the order in which they are restored: a message needs its queue, a wait its group. */
function partsOf(state: ShardState): SnapshotParts {
  const loose = wholePart({
    encode: () =>
      packr.pack({
        counters: state.counters,
        sent: [...state.lettersSent],
        seen: [...state.lettersSeen],
        done: [...state.lettersDone],
      } satisfies Loose),
    decode(bytes) {
      const { counters, sent, seen, done } = packr.unpack(bytes) as Loose;
      state.counters = { ...counters };
      for (const [shard, number] of sent) state.lettersSent.set(shard, number);
      for (const [shard, number] of seen) state.lettersSeen.set(shard, number);
      for (const [shard, number] of done) state.lettersDone.set(shard, number);
    },
  });
  const stirred = wholePart({
    encode: () =>
      packr.pack(sortGroups(state.stirred).map((one) => [one.queue.number, one.number])),
    decode(bytes) {
      for (const [queue, group] of packr.unpack(bytes) as [number, number][]) {
        state.stirred.add(state.queues.get(queue)!.groupByNumber(group)!);
      }
    },
  });
  const { queues, messages, waits, outbox } = state;
  return new SnapshotParts([
    loose,
    queues,
    messages,
    waits,
    outbox,
    state.seen.part(),
    state.given.part(),
    stirred,
  ]);
}
