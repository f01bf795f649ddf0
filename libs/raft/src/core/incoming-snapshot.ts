import { crc32 } from './checksum.ts';
import { commitThrough } from './commit.ts';
import { compactBehind } from './compaction.ts';
import { forgetFrom, sendOnceDurable } from './durability.ts';
import type { Input } from './effects.ts';
import { hearLeader } from './election-timer.ts';
import type { SnapshotMeta } from './entry.ts';
import { dropLease } from './held-lease.ts';
import { logIndex, type NodeId } from './ids.ts';
import type { SnapshotAnswer, SnapshotChunk } from './message.ts';
import { keepUnwritten } from './outbox.ts';
import type { State } from './state.ts';

/** A snapshot that is being received. Pieces of another one never get in among its own. */
export interface IncomingSnapshot {
  readonly from: NodeId;
  readonly meta: SnapshotMeta;
  /** Given to the store, in order; `stored` of it has been staged. */
  received: number;
  stored: number;
  storing: number;
  round: number;
  lastReceived: boolean;
}

export function onSnapshotChunk(state: State, from: NodeId, chunk: SnapshotChunk): void {
  hearLeader(state, from);
  const { meta } = chunk;
  if (meta.index <= state.commit || catchUpBySnapshot(state, meta)) {
    // Nothing to install: this log has it all, and a state machine never goes back (§7).
    answerChunk(state, from, { index: meta.index, nextOffset: 0, installed: true }, chunk.round);
    return;
  }
  const incoming = incomingFor(state, from, chunk);
  if (incoming === undefined) return;
  incoming.round = chunk.round;
  const fits = chunk.offset === incoming.received && !incoming.lastReceived;
  if (!fits || crc32(chunk.bytes) !== chunk.checksum) {
    // A gap, a repetition or damage: say where to go on, unless pieces under way will say it.
    if (incoming.storing === 0) answerStaged(state, incoming);
    return;
  }
  incoming.received += chunk.bytes.length;
  incoming.storing += 1;
  incoming.lastReceived = chunk.last;
  state.outbox.storeChunk.push({
    meta,
    offset: chunk.offset,
    bytes: chunk.bytes,
    last: chunk.last,
  });
}

/** The last entry of the snapshot stands here already: then so does everything before it. */
function catchUpBySnapshot(state: State, meta: SnapshotMeta): boolean {
  if (state.log.termAt(meta.index) !== meta.term) return false;
  commitThrough(state, meta.index);
  return true;
}

function incomingFor(
  state: State,
  from: NodeId,
  { meta, offset, round }: SnapshotChunk,
): IncomingSnapshot | undefined {
  const { incoming } = state;
  if (incoming?.from === from && sameSnapshot(incoming.meta, meta)) return incoming;
  // A late piece of a former snapshot must not throw away what has come of the newer one; and the
  // store finishes what it was given before it begins anew.
  if (incoming?.from === from && meta.index < incoming.meta.index) return undefined;
  if (incoming !== undefined && incoming.storing > 0) return undefined;
  const fresh: IncomingSnapshot = {
    from,
    meta,
    received: 0,
    stored: 0,
    storing: 0,
    round,
    lastReceived: false,
  };
  if (offset === 0) state.incoming = fresh;
  else answerStaged(state, fresh);
  return offset === 0 ? fresh : undefined;
}

const sameSnapshot = (a: SnapshotMeta, b: SnapshotMeta): boolean =>
  a.index === b.index && a.term === b.term;

export function onChunkStored(
  state: State,
  stored: Extract<Input, { kind: 'chunk-stored' }>,
): void {
  const { incoming } = state;
  if (incoming?.meta.index !== stored.index) return;
  incoming.storing = Math.max(0, incoming.storing - 1);
  if (stored.failed) {
    state.incoming = undefined;
    answerStaged(state, { ...incoming, stored: 0 });
    return;
  }
  incoming.stored = Math.min(stored.nextOffset, incoming.received);
  if (!stored.complete) {
    answerStaged(state, incoming);
    return;
  }
  state.incoming = undefined;
  finish(state, incoming);
}

/** The whole snapshot is durable. Meanwhile the log may have caught up with it, or passed it. */
function finish(state: State, { meta, from, round }: IncomingSnapshot): void {
  if (meta.index > state.commit) install(state, meta);
  else if (state.snapshot === undefined || meta.index > state.snapshot.index) {
    state.snapshot = meta;
    compactBehind(state);
  }
  if (state.leader !== from) return;
  answerChunk(state, from, { index: meta.index, nextOffset: 0, installed: true }, round);
}

/** The log begins anew behind the snapshot; a suffix that goes on from it is kept (§7). */
function install(state: State, meta: SnapshotMeta): void {
  const { log, outbox, durability } = state;
  const keepSuffix = log.termAt(meta.index) === meta.term;
  if (keepSuffix) {
    log.compactTo(meta.index);
    keepUnwritten(outbox, (entry) => entry.index > meta.index);
  } else {
    forgetFrom(durability, logIndex(state.commit + 1));
    log.reset(meta);
    keepUnwritten(outbox, () => false);
  }
  commitThrough(state, meta.index);
  state.handedOut = meta.index;
  state.snapshot = meta;
  outbox.install = { meta, keepSuffix };
  outbox.restore = meta;
  dropLease(state);
}

function answerStaged(state: State, { from, meta, stored, round }: IncomingSnapshot): void {
  if (state.leader !== from) return;
  answerChunk(state, from, { index: meta.index, nextOffset: stored, installed: false }, round);
}

function answerChunk(
  state: State,
  to: NodeId,
  said: Pick<SnapshotAnswer, 'index' | 'nextOffset' | 'installed'>,
  round: number,
): void {
  const answer: SnapshotAnswer = { kind: 'snapshot-answer', term: state.term, round, ...said };
  sendOnceDurable(state, to, answer, said.installed ? said.index : undefined);
}
