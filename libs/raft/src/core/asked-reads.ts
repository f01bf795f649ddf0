import type { NodeId } from './ids.ts';
import type { ReadAnswer } from './message.ts';
import { post } from './outbox.ts';
import type { State } from './state.ts';

/**
 * Linearizable reads on a node that does not lead: it asks the leader for an index. All that came
 * since the last batch ask once together; ids of requests are never used twice in a life, so that a
 * late answer to an earlier request can never be taken for one to a later.
 */
export interface AskedReads {
  nextId: number;
  queued: AskedRead[];
  requests: ReadRequestSent[];
}

interface AskedRead {
  readonly id: number;
  readonly sinceMs: number;
}

interface ReadRequestSent {
  readonly id: number;
  readonly to: NodeId;
  readonly sentMs: number;
  readonly reads: readonly AskedRead[];
}

export const noAskedReads = (): AskedReads => ({ nextId: 1, queued: [], requests: [] });

export function askLeader(state: State, id: number): void {
  if (state.leader === undefined) state.outbox.reads.push({ id, index: undefined });
  else state.askedReads.queued.push({ id, sinceMs: state.awakeMs });
}

/** Sends one request for everything that is queued. */
export function sendReadRequest(state: State): void {
  const { askedReads } = state;
  if (askedReads.queued.length === 0 || state.leader === undefined) return;
  const id = askedReads.nextId;
  askedReads.nextId += 1;
  const reads = askedReads.queued;
  askedReads.queued = [];
  askedReads.requests.push({ id, to: state.leader, sentMs: state.awakeMs, reads });
  const { incarnation, term } = state;
  post(state.outbox, state.leader, { kind: 'read-request', term, id, incarnation });
}

export function onReadAnswer(state: State, answer: ReadAnswer): void {
  if (answer.incarnation !== state.incarnation) return;
  const { askedReads } = state;
  const request = askedReads.requests.find((sent) => sent.id === answer.id);
  if (request === undefined) return;
  askedReads.requests = askedReads.requests.filter((sent) => sent !== request);
  for (const { id } of request.reads) state.outbox.reads.push({ id, index: answer.index });
}

/** A request or its answer may be lost: ask again, and give up after an election timeout. */
export function retryReadRequests(state: State): void {
  const { askedReads, timing } = state;
  if (askedReads.requests.length === 0) return;
  const retryMs = 2 * timing.heartbeatIntervalMs;
  const late = askedReads.requests.filter((sent) => state.awakeMs - sent.sentMs >= retryMs);
  if (late.length > 0) requeue(state, late);
}

/** The link on which these requests went, or their answers would have come, is broken. */
export function requeueReadsTo(state: State, peer: NodeId): void {
  requeue(
    state,
    state.askedReads.requests.filter((sent) => sent.to === peer),
  );
}

function requeue(state: State, requests: readonly ReadRequestSent[]): void {
  const { askedReads } = state;
  askedReads.requests = askedReads.requests.filter((sent) => !requests.includes(sent));
  for (const { reads } of requests) {
    for (const read of reads) {
      if (state.awakeMs - read.sinceMs < state.timing.electionTimeoutMaxMs) {
        askedReads.queued.push(read);
      } else {
        state.outbox.reads.push({ id: read.id, index: undefined });
      }
    }
  }
}

/** There is another leader, or none: whoever waits is told so, and may ask again. */
export function failAskedReads(state: State): void {
  const { askedReads } = state;
  for (const { id } of askedReads.queued) state.outbox.reads.push({ id, index: undefined });
  for (const { reads } of askedReads.requests) {
    for (const { id } of reads) state.outbox.reads.push({ id, index: undefined });
  }
  askedReads.queued = [];
  askedReads.requests = [];
}
