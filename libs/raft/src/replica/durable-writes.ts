import type { DurableWrite } from '../core/effects.ts';
import type { Envelope } from '../core/message.ts';
import type { LogStore, StorageFailure } from '../storage/log-store.ts';
import { isVoteOnly } from '../storage/write-gate.ts';
import type { Environment } from './environment.ts';
import type { RaftObserver } from './observer.ts';

interface OpenWrite {
  readonly write: DurableWrite;
  readonly issuedMs: number;
  state: 'issued' | 'refused' | 'durable';
  voteSent: boolean;
}

export interface DurableWritesContext {
  readonly store: LogStore;
  readonly environment: Environment;
  readonly observer: RaftObserver | undefined;
  /** All writes up to this one are durable. */
  readonly persisted: (writeId: number) => void;
  readonly send: (envelopes: readonly Envelope[]) => void;
  /** Some write was refused for lack of room. */
  readonly full: () => void;
  readonly broken: (failure: StorageFailure) => void;
}

/**
 * The writes that are not durable yet, in order. What a full disk refused is kept and issued again,
 * under the same ids and in the same order, when there is room. A write of nothing but a vote may
 * pass the refused ones (an election must not wait for room): then only its vote leaves, since to
 * report it as persisted would vouch for the entries before it.
 */
export class DurableWrites {
  readonly #context: DurableWritesContext;
  readonly #open: OpenWrite[] = [];
  #refused = 0;

  constructor(context: DurableWritesContext) {
    this.#context = context;
  }

  issue(write: DurableWrite): void {
    const issuedMs = this.#context.environment.nowMs();
    const open: OpenWrite = { write, issuedMs, state: 'issued', voteSent: false };
    this.#open.push(open);
    if (this.#refused > 0 && !isVoteOnly(write)) {
      open.state = 'refused';
      this.#refused += 1;
    } else {
      this.#hand(open);
    }
  }

  /** Tries what was refused again; to be called now and then. */
  retry(): void {
    if (this.#refused === 0 || this.#context.store.full) return;
    for (const open of this.#open) {
      if (open.state !== 'refused') continue;
      open.state = 'issued';
      this.#refused -= 1;
      this.#hand(open);
    }
  }

  #hand(open: OpenWrite): void {
    this.#context.store.write(open.write, (failure) => this.#done(open, failure));
  }

  #done(open: OpenWrite, failure: StorageFailure | undefined): void {
    const { environment, observer, broken, full, send } = this.#context;
    if (failure?.kind === 'broken') {
      broken(failure);
      return;
    }
    if (failure !== undefined) {
      open.state = 'refused';
      this.#refused += 1;
      full();
      return;
    }
    open.state = 'durable';
    const durationMs = environment.nowMs() - open.issuedMs;
    observer?.batchWritten?.({ entries: open.write.entries.length, durationMs });
    if (this.#open[0] !== open && isVoteOnly(open.write)) {
      open.voteSent = true;
      send(open.write.thenSend.filter(isVote));
    }
    this.#report();
  }

  #report(): void {
    let persistedId: number | undefined;
    while (this.#open[0]?.state === 'durable') {
      const { write, voteSent } = this.#open.shift()!;
      persistedId = write.id;
      this.#context.send(voteSent ? write.thenSend.filter(isNoVote) : write.thenSend);
    }
    if (persistedId !== undefined) this.#context.persisted(persistedId);
  }
}

const isVote = ({ message }: Envelope): boolean =>
  message.kind === 'vote-answer' || message.kind === 'vote-request';

const isNoVote = (envelope: Envelope): boolean => !isVote(envelope);
