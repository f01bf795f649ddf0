import { performance } from 'node:perf_hooks';
import type { AppliedAt, Group, LogIndex, Outcome, ProposeOptions } from '@quorate/raft';
import { noLeader, Parking, replyOrProblem, type Problem } from '@quorate/service-kit';
import type {
  Delivered,
  NodeLife,
  QueueCommand,
  QueueEvent,
  QueueReply,
  WaitEnd,
} from '../state-machine/commands.ts';
import { describe, stillOut } from '../state-machine/deliver.ts';
import { parseReceipt } from '../state-machine/message-id.ts';
import type { QueueMachine } from '../state-machine/queue-machine.ts';
import type { ShardState } from '../state-machine/shard-state.ts';
import { lifeKey, waitKey } from '../state-machine/wait.ts';
import { Confirmations } from './confirmations.ts';

export type QueueGroup = Group<QueueCommand, QueueReply, QueueEvent>;

/** How a wait ended, and by which entry. */
export type WaitResult =
  | {
      readonly kind: 'served';
      readonly messages: readonly Delivered[];
      readonly index: LogIndex;
    }
  | { readonly kind: 'over'; readonly why: WaitEnd };

const ownWorkMs = 10_000;

/** One shard as this node's routes see it: propose, wait, read. */
export class Shard {
  readonly number: number;
  readonly group: QueueGroup;
  readonly parking: Parking<WaitResult>;
  readonly confirmations = new Confirmations();
  readonly #machine: QueueMachine;
  readonly #life: NodeLife;

  constructor(number: number, group: QueueGroup, machine: QueueMachine, life: NodeLife) {
    this.number = number;
    this.group = group;
    this.#machine = machine;
    this.#life = life;
    this.parking = new Parking((_, result) => this.#giveBack(result));
    group.onEvents((events, at) => {
      for (const event of events) this.#hear(event, at);
    });
    group.onRestored(() => this.#lookAgain());
  }

  get life(): NodeLife {
    return this.#life;
  }

  /** What this node has applied; after a read barrier, no older than any answer given before. */
  get state(): ShardState {
    return this.#machine.state;
  }

  propose(command: QueueCommand, options: ProposeOptions): Promise<Outcome<QueueReply>> {
    return this.group.propose(command, options);
  }

  async ask(command: QueueCommand, options: ProposeOptions): Promise<QueueReply | Problem> {
    return replyOrProblem(await this.group.propose(command, options));
  }

  /** Something this node does on its own account, about which nobody waits for an answer. */
  tell(command: QueueCommand): void {
    void this.group.propose(command, { deadlineMs: performance.now() + ownWorkMs });
  }

  async read<T>(deadlineMs: number, look: (state: ShardState) => T): Promise<T | Problem> {
    const barrier = await this.group.readBarrier(deadlineMs);
    return barrier.kind === 'ready' ? look(this.state) : noLeader();
  }

  /** Tells the log what was answered since the last time. */
  confirm(): void {
    const upTo = this.confirmations.take();
    if (upTo !== undefined) this.tell({ kind: 'confirm', upTo: upTo as LogIndex });
  }

  /** These reached nobody. */
  returnMessages(messages: readonly Delivered[]): void {
    this.#return(messages.map((one) => one.receipt));
  }

  #hear(event: QueueEvent, at: AppliedAt): void {
    if (event.kind === 'wait-over') {
      if (event.wait.node === this.#life.node || this.parking.size > 0) {
        this.parking.wake(waitKey(event.wait), { kind: 'over', why: event.why });
      }
    } else if (event.kind === 'wait-served' && this.#isOurs(event.answerer)) {
      const { messages } = event;
      this.parking.wake(waitKey(event.wait), { kind: 'served', messages, index: at.index });
    }
  }

  #isOurs(life: NodeLife): boolean {
    return life.node === this.#life.node && life.incarnation === this.#life.incarnation;
  }

  #giveBack(result: WaitResult): void {
    if (result.kind === 'served') this.returnMessages(result.messages);
  }

  /**
   * A snapshot brings no events: whoever waits here looks up what became of the wait, and deliveries
   * through this node that it never heard of are given back.
   */
  #lookAgain(): void {
    const heardOf = this.confirmations.newest;
    const unheard = new Set<string>();
    for (const { slot, index } of this.state.unconfirmed.get(lifeKey(this.#life)) ?? []) {
      if (index > heardOf) unheard.add(this.state.receipt(slot));
    }
    const { applied: index, clockMs } = this.group.status();
    for (const key of this.parking.keys()) {
      const given = this.state.given.get(key, clockMs);
      if (given?.why === 'served') {
        const messages = stillOut(this.state, given.receipts)
          .filter(({ lease }) => this.#isOurs(lease!))
          .map((slot) => describe(this.state, slot, clockMs));
        for (const { receipt } of messages) unheard.delete(receipt);
        this.parking.wake(key, { kind: 'served', messages, index });
      } else if (given !== undefined) {
        this.parking.wake(key, { kind: 'over', why: given.why });
      } else if (!this.state.waits.has(key)) {
        this.parking.wake(key, { kind: 'over', why: 'node-gone' });
      }
    }
    this.#return([...unheard]);
  }

  #return(receipts: readonly string[]): void {
    if (receipts.length === 0) return;
    this.tell({ kind: 'return', receipts: receipts.map((one) => parseReceipt(one)!) });
  }
}
