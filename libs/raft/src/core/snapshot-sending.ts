import { crc32 } from './checksum.ts';
import { commitAsLeader } from './commit.ts';
import type { Input } from './effects.ts';
import { logIndex } from './ids.ts';
import { invariant } from './invariant.ts';
import type { Leadership } from './leadership.ts';
import type { SnapshotAnswer } from './message.ts';
import { post } from './outbox.ts';
import { becomeProbe, becomeReplicate, noteMatch, type Progress } from './progress.ts';
import type { State } from './state.ts';
import { tellSuccessor } from './transfer.ts';

/** Pieces read and sent ahead of their answers: enough to overlap disk and network, and no more. */
const piecesInFlightMax = 4;

/** What the peer needs next is no longer in the log: it gets the newest snapshot (§7). */
export function startSending(state: State, peer: Progress): void {
  const meta = state.snapshot;
  invariant(meta !== undefined, 'the log is compacted only behind a snapshot');
  invariant(meta.index >= state.log.baseIndex, 'the log continues the snapshot without a gap');
  peer.state = 'snapshot';
  peer.window.clear();
  peer.sending = {
    meta,
    ackedOffset: 0,
    askedOffset: 0,
    readOffset: 0,
    reading: false,
    outstanding: [],
    lastSent: false,
    movedMs: state.awakeMs,
    pausedUntilMs: -Infinity,
    rewoundAt: -1,
  };
}

/** Asks the store for the next piece, if another may be under way. */
export function pumpSnapshot(state: State, peer: Progress): void {
  const { sending } = peer;
  if (sending === undefined || sending.reading || sending.lastSent) return;
  if (sending.outstanding.length >= piecesInFlightMax) return;
  if (state.awakeMs < sending.pausedUntilMs) return;
  sending.reading = true;
  state.outbox.readChunk.push({
    to: peer.id,
    index: sending.meta.index,
    offset: sending.readOffset,
  });
}

export function onChunkRead(
  state: State,
  leadership: Leadership,
  read: Extract<Input, { kind: 'chunk-read' }>,
): void {
  const peer = leadership.byId.get(read.to);
  const sending = peer?.sending;
  if (peer === undefined || sending?.meta.index !== read.index || !sending.reading) return;
  sending.reading = false;
  leadership.dirty = true;
  if (read.bytes === undefined) {
    // A newer snapshot has taken its place; if it is the newest that cannot be read, wait a while.
    const again = sending.meta.index === state.snapshot?.index;
    startSending(state, peer);
    if (again) peer.sending!.pausedUntilMs = state.awakeMs + state.timing.electionTimeoutMinMs;
    return;
  }
  if (read.offset !== sending.readOffset) return;
  post(state.outbox, peer.id, {
    kind: 'snapshot-chunk',
    term: state.term,
    round: leadership.round,
    meta: sending.meta,
    offset: read.offset,
    bytes: read.bytes,
    checksum: crc32(read.bytes),
    last: read.last,
  });
  sending.readOffset = read.offset + read.bytes.length;
  sending.outstanding.push(sending.readOffset);
  sending.lastSent = read.last;
}

export function onSnapshotAnswer(
  state: State,
  leadership: Leadership,
  peer: Progress,
  answer: SnapshotAnswer,
): void {
  if (answer.installed) {
    const grew = noteMatch(peer, answer.index, state.awakeMs);
    if (peer.state === 'snapshot' && state.log.termAt(peer.match) !== undefined) {
      becomeReplicate(peer);
    } else if (peer.state === 'snapshot' && peer.sending?.meta.index === answer.index) {
      // The log has moved on beyond it meanwhile: find out anew what the peer needs.
      becomeProbe(peer, logIndex(peer.match + 1));
    }
    if (grew) {
      commitAsLeader(state, leadership);
      tellSuccessor(state, leadership);
    }
    return;
  }
  const { sending } = peer;
  if (sending?.meta.index !== answer.index) return;
  noteStaged(state, sending, answer.nextOffset);
}

function noteStaged(
  state: State,
  sending: NonNullable<Progress['sending']>,
  nextOffset: number,
): void {
  sending.askedOffset = nextOffset;
  if (nextOffset > sending.ackedOffset) {
    sending.ackedOffset = nextOffset;
    sending.movedMs = state.awakeMs;
    while (sending.outstanding.length > 0 && sending.outstanding[0]! <= nextOffset) {
      sending.outstanding.shift();
    }
    if (sending.readOffset < nextOffset) sending.readOffset = nextOffset;
    return;
  }
  if (nextOffset === sending.ackedOffset) {
    if (sending.rewoundAt === nextOffset) return;
    sending.rewoundAt = nextOffset;
    rewind(state, sending, nextOffset);
  } else if (nextOffset === 0) {
    // The peer lost what it had staged. Give it time: its disk may be full.
    rewind(state, sending, 0);
    sending.pausedUntilMs = state.awakeMs + state.timing.electionTimeoutMinMs;
  }
}

function rewind(state: State, sending: NonNullable<Progress['sending']>, offset: number): void {
  sending.ackedOffset = offset;
  sending.readOffset = offset;
  sending.askedOffset = offset;
  sending.outstanding.length = 0;
  sending.lastSent = false;
  sending.movedMs = state.awakeMs;
}

/** Pieces and answers may be lost: after an election timeout go on from where the peer last wanted. */
export function retrySnapshot(state: State, peer: Progress): void {
  const { sending } = peer;
  const patienceMs = state.timing.electionTimeoutMinMs;
  if (sending === undefined || state.awakeMs - sending.movedMs < patienceMs) return;
  if (state.awakeMs - peer.heardMs > patienceMs) return;
  rewind(state, sending, sending.askedOffset);
}

/** The link broke: go on from what the peer is known to have. */
export function rewindSnapshot(state: State, peer: Progress): void {
  if (peer.sending !== undefined) rewind(state, peer.sending, peer.sending.ackedOffset);
}
