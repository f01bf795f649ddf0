import type { SnapshotMeta } from '../core/entry.ts';
import { logIndex, nodeId, type NodeId, term } from '../core/ids.ts';
import type { AppendAnswer, LeaseEcho, Stamp } from '../core/message.ts';
import type { ForwardAnswer, PeerMessage } from '../replica/peer-message.ts';
import { decodeEntries, encodeEntries } from '../wire/entries.ts';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';

/**
 * Every message between peers as bytes, field by field in the order of its type. The number of a kind
 * is part of the protocol: it is never given to another. Entries are written as the log has them, so
 * a run is encoded once for the disk and all followers, and a follower's disk takes the bytes as they
 * came.
 */
const kinds = [
  'vote-request',
  'vote-answer',
  'append',
  'append-answer',
  'heartbeat',
  'heartbeat-answer',
  'snapshot-chunk',
  'snapshot-answer',
  'timeout-now',
  'read-request',
  'read-answer',
  'forward',
  'forward-answer',
  'transfer-request',
] as const satisfies readonly PeerMessage['kind'][];

/** 0 is left for the link's own frames. */
const kindCode = new Map<PeerMessage['kind'], number>(kinds.map((kind, i) => [kind, i + 1]));

const refusals = ['not-leader', 'overloaded', 'storage-full'] as const;

export function writeMessage(out: ByteWriter, message: PeerMessage): void {
  out.u8(kindCode.get(message.kind)!);
  switch (message.kind) {
    case 'vote-request':
      out.bool(message.preVote);
      out.u48(message.term);
      out.u48(message.lastIndex);
      out.u48(message.lastTerm);
      out.bool(message.transfer);
      return;
    case 'vote-answer':
      out.bool(message.preVote);
      out.u48(message.term);
      out.bool(message.granted);
      return;
    case 'append':
      writeFromLeader(out, message);
      out.u48(message.prevIndex);
      out.u48(message.prevTerm);
      out.bytesOf(encodeEntries(message.entries));
      return;
    case 'append-answer':
      out.u48(message.term);
      out.u48(message.round);
      writeStamp(out, message.stamp);
      writeAppendResult(out, message.result);
      return;
    case 'heartbeat':
      writeFromLeader(out, message);
      out.f64(message.clockMs);
      return;
    case 'heartbeat-answer':
      out.u48(message.term);
      out.u48(message.round);
      writeStamp(out, message.stamp);
      out.u48(message.lastIndex);
      return;
    case 'snapshot-chunk':
      out.u48(message.term);
      out.u48(message.round);
      writeSnapshotMeta(out, message.meta);
      out.u48(message.offset);
      out.bytesOf(message.bytes);
      out.u32(message.checksum);
      out.bool(message.last);
      return;
    case 'snapshot-answer':
      out.u48(message.term);
      out.u48(message.round);
      out.u48(message.index);
      out.u48(message.nextOffset);
      out.bool(message.installed);
      return;
    case 'timeout-now':
      out.u48(message.term);
      return;
    case 'read-request':
      out.u48(message.term);
      out.u48(message.id);
      out.u48(message.incarnation);
      return;
    case 'read-answer':
      out.u48(message.term);
      out.u48(message.id);
      out.u48(message.incarnation);
      out.bool(message.index !== undefined);
      if (message.index !== undefined) out.u48(message.index);
      return;
    case 'forward':
      out.u48(message.id);
      out.u32(message.payloads.length);
      for (const payload of message.payloads) out.bytesOf(payload);
      return;
    case 'forward-answer':
      out.u48(message.id);
      writeForwardResult(out, message.result);
      return;
    case 'transfer-request':
      out.bool(message.to !== undefined);
      if (message.to !== undefined) out.text(message.to);
      return;
  }
}

/** Throws a `RangeError` when the bytes are not a message. */
export function readMessage(input: ByteReader): PeerMessage {
  const kind = kinds[input.u8() - 1];
  if (kind === undefined) throw new RangeError('a message of an unknown kind');
  switch (kind) {
    case 'vote-request':
      return {
        kind,
        preVote: input.bool(),
        term: term(input.u48()),
        lastIndex: logIndex(input.u48()),
        lastTerm: term(input.u48()),
        transfer: input.bool(),
      };
    case 'vote-answer':
      return { kind, preVote: input.bool(), term: term(input.u48()), granted: input.bool() };
    case 'append':
      return {
        kind,
        ...readFromLeader(input),
        prevIndex: logIndex(input.u48()),
        prevTerm: term(input.u48()),
        entries: decodeEntries(input.bytes()),
      };
    case 'append-answer':
      return {
        kind,
        term: term(input.u48()),
        round: input.u48(),
        stamp: readStamp(input),
        result: readAppendResult(input),
      };
    case 'heartbeat':
      return { kind, ...readFromLeader(input), clockMs: input.f64() };
    case 'heartbeat-answer':
      return {
        kind,
        term: term(input.u48()),
        round: input.u48(),
        stamp: readStamp(input),
        lastIndex: logIndex(input.u48()),
      };
    case 'snapshot-chunk':
      return {
        kind,
        term: term(input.u48()),
        round: input.u48(),
        meta: readSnapshotMeta(input),
        offset: input.u48(),
        bytes: input.bytes(),
        checksum: input.u32(),
        last: input.bool(),
      };
    case 'snapshot-answer':
      return {
        kind,
        term: term(input.u48()),
        round: input.u48(),
        index: logIndex(input.u48()),
        nextOffset: input.u48(),
        installed: input.bool(),
      };
    case 'timeout-now':
      return { kind, term: term(input.u48()) };
    case 'read-request':
      return { kind, term: term(input.u48()), id: input.u48(), incarnation: input.u48() };
    case 'read-answer':
      return {
        kind,
        term: term(input.u48()),
        id: input.u48(),
        incarnation: input.u48(),
        index: input.bool() ? logIndex(input.u48()) : undefined,
      };
    case 'forward':
      return { kind, id: input.u48(), payloads: readMany(input, () => input.bytes()) };
    case 'forward-answer':
      return { kind, id: input.u48(), result: readForwardResult(input) };
    case 'transfer-request':
      return { kind, to: input.bool() ? nodeId(input.text()) : undefined };
  }
}

type FromLeader = Pick<
  Extract<PeerMessage, { kind: 'append' }>,
  'term' | 'round' | 'commit' | 'settled' | 'echo'
>;

function writeFromLeader(out: ByteWriter, from: FromLeader): void {
  out.u48(from.term);
  out.u48(from.round);
  out.u48(from.commit);
  out.u48(from.settled);
  writeStamp(out, from.echo?.stamp);
  if (from.echo !== undefined) out.u48(from.echo.floor);
}

function readFromLeader(input: ByteReader): FromLeader {
  return {
    term: term(input.u48()),
    round: input.u48(),
    commit: logIndex(input.u48()),
    settled: logIndex(input.u48()),
    echo: readEcho(input),
  };
}

function readEcho(input: ByteReader): LeaseEcho | undefined {
  const stamp = readStamp(input);
  return stamp === undefined ? undefined : { stamp, floor: logIndex(input.u48()) };
}

function writeStamp(out: ByteWriter, stamp: Stamp | undefined): void {
  out.bool(stamp !== undefined);
  if (stamp === undefined) return;
  out.u48(stamp.incarnation);
  out.f64(stamp.atMs);
}

function readStamp(input: ByteReader): Stamp | undefined {
  return input.bool() ? { incarnation: input.u48(), atMs: input.f64() } : undefined;
}

function writeAppendResult(out: ByteWriter, result: AppendAnswer['result']): void {
  out.bool(result.kind === 'matched');
  if (result.kind === 'matched') {
    out.u48(result.match);
    return;
  }
  out.u48(result.prevIndex);
  out.u48(result.hintIndex);
  out.u48(result.hintTerm);
}

function readAppendResult(input: ByteReader): AppendAnswer['result'] {
  if (input.bool()) return { kind: 'matched', match: logIndex(input.u48()) };
  return {
    kind: 'conflict',
    prevIndex: logIndex(input.u48()),
    hintIndex: logIndex(input.u48()),
    hintTerm: term(input.u48()),
  };
}

function writeSnapshotMeta(out: ByteWriter, meta: SnapshotMeta): void {
  out.u48(meta.index);
  out.u48(meta.term);
  out.f64(meta.atMs);
  const { voters, outgoing, learners } = meta.membership;
  for (const nodes of [voters, outgoing, learners]) {
    out.u32(nodes.length);
    for (const node of nodes) out.text(node);
  }
}

function readSnapshotMeta(input: ByteReader): SnapshotMeta {
  const nodes = (): readonly NodeId[] => readMany(input, () => nodeId(input.text()));
  return {
    index: logIndex(input.u48()),
    term: term(input.u48()),
    atMs: input.f64(),
    membership: { voters: nodes(), outgoing: nodes(), learners: nodes() },
  };
}

function writeForwardResult(out: ByteWriter, result: ForwardAnswer['result']): void {
  out.bool(result.kind === 'appended');
  if (result.kind === 'appended') {
    out.u48(result.firstIndex);
    out.u48(result.term);
    return;
  }
  out.u8(refusals.indexOf(result.why));
}

function readForwardResult(input: ByteReader): ForwardAnswer['result'] {
  if (input.bool()) {
    return { kind: 'appended', firstIndex: logIndex(input.u48()), term: term(input.u48()) };
  }
  const why = refusals[input.u8()];
  if (why === undefined) throw new RangeError('an unknown refusal');
  return { kind: 'refused', why };
}

/** A count that lies cannot make it allocate: each item is read before the next is believed in. */
function readMany<T>(input: ByteReader, read: () => T): readonly T[] {
  const items: T[] = [];
  for (let left = input.u32(); left > 0; left--) items.push(read());
  return items;
}
