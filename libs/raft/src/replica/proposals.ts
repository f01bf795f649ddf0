import type { Core } from '../core/core.ts';
import type { ProposeResult } from '../core/effects.ts';
import type { LogIndex, NodeId, Term } from '../core/ids.ts';
import { encodeEnvelope, encodeOrigin } from './envelope.ts';
import type { Environment } from './environment.ts';
import type { Outcome, ProposeOptions, Refusal, RequestRef } from './group.ts';
import type { RaftObserver } from './observer.ts';
import type { ReplicaLimits } from './options.ts';
import type { Forward, ForwardAnswer } from './peer-message.ts';
import type { Origin } from './state-machine.ts';

export interface Pending<Reply> {
  readonly sequence: number;
  readonly envelope: Uint8Array;
  readonly request: RequestRef | undefined;
  readonly callback: (outcome: Outcome<Reply>) => void;
  readonly startedMs: number;
  deadlineMs: number;
  stage: 'waiting' | 'forwarded' | 'placed' | 'ended';
  /** Copies handed over and neither refused nor proved lost: while there is one, it may take effect. */
  copies: number;
  /** Where a leader put the newest copy. */
  index: number;
  term: number;
  /** Why it would be refused, if no copy is out when its time ends. */
  why: Refusal;
}

interface ForwardUnderWay<Reply> {
  readonly to: NodeId;
  readonly sentMs: number;
  readonly proposals: readonly Pending<Reply>[];
}

/** How long a node that refused a forward as `not-leader` is left alone. */
const pauseMs = 50;

export interface ProposalsContext {
  readonly core: Core;
  readonly environment: Environment;
  readonly own: Origin;
  readonly limits: ReplicaLimits;
  readonly observer: RaftObserver | undefined;
}

/**
 * The proposals that came in on this node and have no outcome yet. Each is handed to the leader (this
 * node's core, or a forward over the link) and ends when this node *applies* it, wherever it went in
 * between. When it is not certain that a copy is on its way (refused, link lost, no answer, a new
 * leader) another is handed over: the session lets only one take effect.
 */
export class Proposals<Reply> {
  readonly #context: ProposalsContext;
  readonly #origin: Uint8Array;
  /** By sequence, in the order in which they came. */
  readonly #pending = new Map<number, Pending<Reply>>();
  readonly #forwards = new Map<number, ForwardUnderWay<Reply>>();
  #waiting: Pending<Reply>[] = [];
  /** Something that waited has ended: it is swept out before the next hand-over. */
  #sweep = false;
  #appliedTerm = 0;
  #pendingBytes = 0;
  #nextSequence = 1;
  #floor = 1;
  #nextForward = 1;
  #leastDeadlineMs = Infinity;
  /** After a refusal by a peer that is not the leader any more: until then only news helps. */
  #pausedUntilMs = -Infinity;

  constructor(context: ProposalsContext) {
    this.#context = context;
    this.#origin = encodeOrigin(context.own);
  }

  get waiting(): boolean {
    return this.#waiting.length > 0;
  }

  get size(): number {
    return this.#pending.size;
  }

  /** This life of this node, as it stands in every envelope. */
  get origin(): Uint8Array {
    return this.#origin;
  }

  /** False: too much is open already. */
  add(
    command: Uint8Array,
    options: ProposeOptions,
    callback: (outcome: Outcome<Reply>) => void,
  ): boolean {
    const { limits, environment } = this.#context;
    if (this.#pending.size >= limits.pendingMax) return false;
    if (this.#pendingBytes + command.length > limits.pendingBytesMax) return false;
    const sequence = this.#nextSequence;
    this.#nextSequence += 1;
    while (this.#floor < sequence && !this.#pending.has(this.#floor)) this.#floor += 1;
    const envelope = encodeEnvelope(
      'command',
      this.#origin,
      { sequence, floor: this.#floor },
      { request: options.request, body: command },
    );
    const pending: Pending<Reply> = {
      sequence,
      envelope,
      request: options.request,
      callback,
      startedMs: environment.nowMs(),
      deadlineMs: options.deadlineMs,
      stage: 'waiting',
      copies: 0,
      index: 0,
      term: 0,
      why: 'no-leader',
    };
    this.#pending.set(sequence, pending);
    this.#pendingBytes += envelope.length;
    this.#waiting.push(pending);
    if (pending.deadlineMs < this.#leastDeadlineMs) this.#leastDeadlineMs = pending.deadlineMs;
    return true;
  }

  /** Hands over what waits, once per turn. */
  flush(nowMs: number): void {
    if (this.#sweep) {
      this.#waiting = this.#waiting.filter(({ stage }) => stage === 'waiting');
      this.#sweep = false;
    }
    if (this.#waiting.length === 0) return;
    const { office } = this.#context.core;
    if (office.role === 'leader') this.#appendHere(nowMs);
    else if (office.leader !== undefined && nowMs >= this.#pausedUntilMs) {
      this.#forward(office.leader, nowMs);
    }
  }

  answered(from: NodeId, answer: ForwardAnswer, at: { nowMs: number; applied: LogIndex }): void {
    const forward = this.#forwards.get(answer.id);
    if (forward?.to !== from) return;
    this.#forwards.delete(answer.id);
    const { result } = answer;
    const { proposals } = forward;
    if (result.kind === 'appended') {
      this.#placed(proposals, result, at.applied);
      return;
    }
    for (const pending of proposals) pending.copies -= 1;
    if (result.why === 'not-leader') {
      this.#pausedUntilMs = at.nowMs + pauseMs;
      this.#waitAgain(proposals);
    } else {
      this.#refused(proposals, result.why, at.nowMs);
    }
  }

  /** Whatever went over that link without an answer is handed over again. */
  linkLost(peer: NodeId): void {
    this.#takeBack((forward) => forward.to === peer);
  }

  leaderChanged(leader: NodeId | undefined): void {
    this.#pausedUntilMs = -Infinity;
    if (leader !== undefined) this.#takeBack((forward) => forward.to !== leader);
  }

  /** This node applied the entry with this sequence of its own. */
  applied(sequence: number, outcome: Outcome<Reply>): void {
    const pending = this.#pending.get(sequence);
    if (pending !== undefined) this.#end(pending, outcome);
  }

  /**
   * The first entry of a newer term was applied. Terms never decrease along the log, so what was
   * promised a place in an older term and has not been applied by now never will be.
   */
  termApplied(term: Term): void {
    this.#appliedTerm = term;
    const lost: Pending<Reply>[] = [];
    for (const pending of this.#pending.values()) {
      if (pending.stage !== 'placed' || pending.term >= term) continue;
      pending.copies -= 1;
      lost.push(pending);
    }
    this.#waitAgain(lost);
  }

  /**
   * A snapshot passed over the log up to `index`: `outcomeOf` tells what the restored state knows of a
   * proposal; `undefined`, that it was not applied up to there.
   */
  restored(
    index: LogIndex,
    outcomeOf: (pending: Pending<Reply>) => Outcome<Reply> | undefined,
  ): void {
    const lost: Pending<Reply>[] = [];
    for (const pending of [...this.#pending.values()]) {
      const outcome = outcomeOf(pending);
      if (outcome !== undefined) {
        this.#end(pending, outcome);
      } else if (pending.stage === 'placed' && pending.index <= index) {
        pending.copies -= 1;
        lost.push(pending);
      }
    }
    this.#waitAgain(lost);
  }

  tick(nowMs: number): void {
    const { forwardTimeoutMs } = this.#context.limits;
    if (this.#forwards.size > 0) {
      this.#takeBack((forward) => nowMs - forward.sentMs >= forwardTimeoutMs);
    }
    if (nowMs < this.#leastDeadlineMs) return;
    const overdue: Pending<Reply>[] = [];
    let least = Infinity;
    for (const pending of this.#pending.values()) {
      if (pending.deadlineMs <= nowMs) overdue.push(pending);
      else if (pending.deadlineMs < least) least = pending.deadlineMs;
    }
    this.#leastDeadlineMs = least;
    this.#giveUp(overdue);
  }

  /** Ends everything, as at a stop. */
  clear(): void {
    this.#forwards.clear();
    this.#giveUp([...this.#pending.values()]);
  }

  #appendHere(nowMs: number): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    const { core, limits } = this.#context;
    for (let start = 0; start < waiting.length;) {
      const batch = takeBatch(waiting, start, limits.forwardBytesMax);
      start += batch.length;
      const result = core.propose(
        batch.map(({ envelope }) => ({ kind: 'command', payload: envelope })),
        nowMs,
      );
      this.#proposed(batch, result, nowMs);
    }
  }

  #proposed(batch: readonly Pending<Reply>[], result: ProposeResult, nowMs: number): void {
    switch (result.kind) {
      case 'appended':
        for (let i = 0; i < batch.length; i++) {
          const pending = batch[i]!;
          pending.copies += 1;
          pending.stage = 'placed';
          pending.index = result.firstIndex + i;
          pending.term = result.term;
        }
        return;
      case 'not-leader':
      case 'transferring':
        this.#waitAgain(batch);
        return;
      case 'overloaded':
      case 'storage-full':
        this.#refused(batch, result.kind, nowMs);
        return;
    }
  }

  /** The answer may come after the fact: what has been passed by then without ending is lost. */
  #placed(
    proposals: readonly Pending<Reply>[],
    promise: { readonly firstIndex: LogIndex; readonly term: Term },
    applied: LogIndex,
  ): void {
    const lost: Pending<Reply>[] = [];
    for (const [i, pending] of proposals.entries()) {
      if (pending.stage === 'ended') continue;
      pending.stage = 'placed';
      pending.index = promise.firstIndex + i;
      pending.term = promise.term;
      if (promise.term < this.#appliedTerm || pending.index <= applied) {
        pending.copies -= 1;
        lost.push(pending);
      }
    }
    this.#waitAgain(lost);
  }

  #forward(leader: NodeId, nowMs: number): void {
    const { environment, limits } = this.#context;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (let start = 0; start < waiting.length;) {
      const batch = takeBatch(waiting, start, limits.forwardBytesMax);
      const message: Forward = {
        kind: 'forward',
        id: this.#nextForward,
        payloads: batch.map(({ envelope }) => envelope),
      };
      if (!environment.send(leader, message)) {
        this.#waiting = waiting.slice(start);
        return;
      }
      this.#nextForward += 1;
      this.#forwards.set(message.id, { to: leader, sentMs: nowMs, proposals: batch });
      for (const pending of batch) {
        pending.stage = 'forwarded';
        pending.copies += 1;
      }
      start += batch.length;
    }
  }

  #refused(batch: readonly Pending<Reply>[], why: Refusal, nowMs: number): void {
    const again: Pending<Reply>[] = [];
    for (const pending of batch) {
      if (pending.stage === 'ended') continue;
      pending.why = why;
      if (why === 'overloaded' && pending.copies === 0) {
        this.#end(pending, { kind: 'refused', why });
        continue;
      }
      if (why === 'storage-full') {
        // A leader whose disk is full hands its office over: its successor may have room.
        const graceMs = nowMs + this.#context.limits.storageFullGraceMs;
        pending.deadlineMs = Math.min(pending.deadlineMs, graceMs);
        this.#leastDeadlineMs = Math.min(this.#leastDeadlineMs, pending.deadlineMs);
      }
      again.push(pending);
    }
    this.#waitAgain(again);
  }

  #takeBack(lost: (forward: ForwardUnderWay<Reply>) => boolean): void {
    for (const [id, forward] of this.#forwards) {
      if (!lost(forward)) continue;
      this.#forwards.delete(id);
      // It may still arrive: its copies stay counted, so that nobody is told it took no effect.
      this.#waitAgain(forward.proposals);
    }
  }

  #waitAgain(proposals: readonly Pending<Reply>[]): void {
    let added = false;
    for (const pending of proposals) {
      if (pending.stage === 'ended') continue;
      pending.stage = 'waiting';
      this.#waiting.push(pending);
      added = true;
    }
    if (added) this.#waiting.sort((a, b) => a.sequence - b.sequence);
  }

  #giveUp(proposals: readonly Pending<Reply>[]): void {
    for (const pending of proposals) {
      const never = pending.copies === 0;
      this.#end(pending, never ? { kind: 'refused', why: pending.why } : { kind: 'unknown' });
    }
  }

  #end(pending: Pending<Reply>, outcome: Outcome<Reply>): void {
    if (pending.stage === 'waiting') this.#sweep = true;
    pending.stage = 'ended';
    this.#pending.delete(pending.sequence);
    this.#pendingBytes -= pending.envelope.length;
    const { observer, environment } = this.#context;
    observer?.proposalEnded?.(outcome.kind, environment.nowMs() - pending.startedMs);
    pending.callback(outcome);
  }
}

/** As many as fit, and at least one. */
function takeBatch<Reply>(
  waiting: readonly Pending<Reply>[],
  start: number,
  bytesMax: number,
): readonly Pending<Reply>[] {
  let bytes = 0;
  let end = start;
  while (end < waiting.length && (end === start || bytes < bytesMax)) {
    bytes += waiting[end]!.envelope.length;
    end += 1;
  }
  return start === 0 && end === waiting.length ? waiting : waiting.slice(start, end);
}
