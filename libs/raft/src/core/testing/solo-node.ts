import type { Core } from '../core.ts';
import type { DurableWrite, Effects, Input } from '../effects.ts';
import type { Entry, HardState, Membership, SnapshotMeta } from '../entry.ts';
import { logIndex, nodeId, term } from '../ids.ts';
import type {
  Append,
  AppendAnswer,
  Envelope,
  Heartbeat,
  HeartbeatAnswer,
  Message,
  SnapshotChunk,
  Stamp,
  VoteAnswer,
  VoteRequest,
} from '../message.ts';
import type { Limits, LocalReads } from '../options.ts';
import { createCore } from '../raft-core.ts';
import { crc32 } from '../checksum.ts';
import { testLimits, testTiming } from './settings.ts';

export interface SoloOptions {
  readonly voters?: readonly string[];
  readonly learners?: readonly string[];
  readonly term?: number;
  readonly vote?: string;
  /** The terms of the entries on its disk, from index 1, or from behind the snapshot. */
  readonly log?: readonly number[];
  /** Where the log on its disk begins, if not there. */
  readonly firstIndex?: number;
  readonly limits?: Partial<Limits>;
  readonly snapshot?: SnapshotMeta;
  readonly random?: () => number;
  readonly localReads?: LocalReads;
}

/** Node `a` alone with a script of messages: every step answers with the exact effects. */
export class SoloNode {
  readonly core: Core;
  nowMs = 1_000;
  readonly writes: DurableWrite[] = [];

  constructor(options: SoloOptions = {}) {
    const { snapshot, log = [] } = options;
    const firstIndex = options.firstIndex ?? (snapshot?.index ?? 0) + 1;
    const hardState: HardState = {
      term: term(options.term ?? log.at(-1) ?? snapshot?.term ?? 0),
      vote: options.vote === undefined ? undefined : nodeId(options.vote),
    };
    this.core = createCore({
      id: nodeId('a'),
      incarnation: 1,
      bootstrap: membership(options.voters ?? ['a', 'b', 'c'], options.learners),
      durable: { hardState, snapshot, entries: entries(firstIndex, log) },
      nowMs: this.nowMs,
      random: options.random ?? (() => 0),
      timing: testTiming,
      limits: { ...testLimits, ...options.limits },
      localReads: options.localReads,
    });
  }

  step(input: DistributiveOmit<Input, 'nowMs'>): Effects {
    this.core.step({ ...input, nowMs: this.nowMs });
    return this.take();
  }

  receive(from: string, message: Message): Effects {
    return this.step({ kind: 'message', from: nodeId(from), message });
  }

  /** What it sends at once; other effects are kept for `take`. */
  answersTo(from: string, message: Message): readonly Message[] {
    return messages(this.receive(from, message).send);
  }

  take(): Effects {
    const effects = this.core.takeEffects();
    if (effects.write !== undefined) this.writes.push(effects.write);
    return effects;
  }

  propose(...payloads: readonly string[]): Effects {
    this.core.propose(
      payloads.map((text) => ({ kind: 'command', payload: new TextEncoder().encode(text) })),
      this.nowMs,
    );
    return this.take();
  }

  /** Completes the oldest write; what may leave then comes first, then what became possible. */
  persist(): { readonly thenSend: readonly Message[]; readonly effects: Effects } {
    const write = this.writes.shift()!;
    const effects = this.step({ kind: 'persisted', writeId: write.id });
    return { thenSend: messages(write.thenSend), effects };
  }

  persistAll(): readonly Message[] {
    const sent: Message[] = [];
    while (this.writes.length > 0) sent.push(...this.persist().thenSend);
    return sent;
  }

  /** Ticks every 10 ms, and gathers what it sends. */
  pass(ms: number): readonly Envelope[] {
    const sent: Envelope[] = [];
    for (const end = this.nowMs + ms; this.nowMs < end;) {
      this.nowMs += 10;
      sent.push(...this.step({ kind: 'tick' }).send);
    }
    return sent;
  }

  /** Through pre-vote and vote with the help of `b`, until its no-op is committed. */
  lead(): this {
    this.pass(110);
    const asked = term(this.core.office.term + 1);
    this.receive('b', voteAnswer({ preVote: true, term: asked, granted: true }));
    this.persistAll();
    this.receive('b', voteAnswer({ term: asked, granted: true }));
    this.persistAll();
    this.receive('b', matched({ term: asked, match: this.core.lastIndex }));
    return this;
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

export const messages = (envelopes: readonly Envelope[]): readonly Message[] =>
  envelopes.map(({ message }) => message);

/** What was sent to one peer. */
export const sentTo = (to: string, envelopes: readonly Envelope[]): readonly Message[] =>
  messages(envelopes.filter((envelope) => envelope.to === to));

export const membership = (
  voters: readonly string[],
  learners: readonly string[] = [],
): Membership => ({
  voters: voters.map((id) => nodeId(id)),
  outgoing: [],
  learners: learners.map((id) => nodeId(id)),
});

export const entries = (from: number, terms: readonly number[], atMs = 0): readonly Entry[] =>
  terms.map((of, i) => ({
    index: logIndex(from + i),
    term: term(of),
    atMs,
    kind: 'command',
    payload: new Uint8Array([from + i]),
  }));

export const snapshotMeta = (
  index: number,
  of: number,
  voters = ['a', 'b', 'c'],
): SnapshotMeta => ({
  index: logIndex(index),
  term: term(of),
  atMs: 0,
  membership: membership(voters),
});

export const voteRequest = (
  about: { term: number; last: readonly [index: number, term: number] } & Partial<
    Pick<VoteRequest, 'preVote' | 'transfer'>
  >,
): VoteRequest => ({
  kind: 'vote-request',
  preVote: about.preVote ?? false,
  term: term(about.term),
  lastIndex: logIndex(about.last[0]),
  lastTerm: term(about.last[1]),
  transfer: about.transfer ?? false,
});

export const voteAnswer = (about: {
  term: number;
  granted: boolean;
  preVote?: boolean;
}): VoteAnswer => ({
  kind: 'vote-answer',
  preVote: about.preVote ?? false,
  term: term(about.term),
  granted: about.granted,
});

export const append = (about: {
  term: number;
  prev: readonly [index: number, term: number];
  terms?: readonly number[];
  commit?: number;
  settled?: number;
  round?: number;
  atMs?: number;
  echo?: Append['echo'];
}): Append => ({
  kind: 'append',
  term: term(about.term),
  round: about.round ?? 1,
  commit: logIndex(about.commit ?? 0),
  settled: logIndex(about.settled ?? 0),
  echo: about.echo,
  prevIndex: logIndex(about.prev[0]),
  prevTerm: term(about.prev[1]),
  entries: entries(about.prev[0] + 1, about.terms ?? [], about.atMs),
});

export const matched = (about: {
  term: number;
  match: number;
  round?: number;
  stamp?: Stamp;
}): AppendAnswer => ({
  kind: 'append-answer',
  term: term(about.term),
  round: about.round ?? 1,
  stamp: about.stamp,
  result: { kind: 'matched', match: logIndex(about.match) },
});

export const conflict = (about: {
  term: number;
  prev: number;
  hint: readonly [index: number, term: number];
  round?: number;
}): AppendAnswer => ({
  kind: 'append-answer',
  term: term(about.term),
  round: about.round ?? 1,
  stamp: undefined,
  result: {
    kind: 'conflict',
    prevIndex: logIndex(about.prev),
    hintIndex: logIndex(about.hint[0]),
    hintTerm: term(about.hint[1]),
  },
});

export const heartbeat = (
  about: { term: number; round?: number; commit?: number; clockMs?: number } & Partial<
    Pick<Heartbeat, 'echo'>
  >,
): Heartbeat => ({
  kind: 'heartbeat',
  term: term(about.term),
  round: about.round ?? 1,
  commit: logIndex(about.commit ?? 0),
  settled: logIndex(about.commit ?? 0),
  echo: about.echo,
  clockMs: about.clockMs ?? 0,
});

export const heartbeatAnswer = (about: {
  term: number;
  round: number;
  lastIndex?: number;
  stamp?: Stamp;
}): HeartbeatAnswer => ({
  kind: 'heartbeat-answer',
  term: term(about.term),
  round: about.round,
  stamp: about.stamp,
  lastIndex: logIndex(about.lastIndex ?? 0),
});

export const snapshotChunk = (about: {
  term: number;
  meta: SnapshotMeta;
  offset: number;
  bytes: readonly number[];
  last?: boolean;
}): SnapshotChunk => {
  const bytes = new Uint8Array(about.bytes);
  return {
    kind: 'snapshot-chunk',
    term: term(about.term),
    round: 1,
    meta: about.meta,
    offset: about.offset,
    bytes,
    checksum: crc32(bytes),
    last: about.last ?? false,
  };
};
