import fc from 'fast-check';

import type { Entry, SnapshotMeta } from '../core/entry.ts';
import { logIndex, nodeId, term } from '../core/ids.ts';
import type { LeaseEcho, Stamp } from '../core/message.ts';
import type { PeerMessage } from '../replica/peer-message.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { FrameSplitter, ProtocolViolation } from './frame-splitter.ts';
import { readMessage, writeMessage } from './message-codec.ts';

const u48 = fc.nat({ max: 2 ** 48 - 1 });
const terms = u48.map(term);
const indexes = u48.map(logIndex);
const moments = fc.double({ noNaN: true, noDefaultInfinity: true });
const payloads = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.uint8Array({ minLength: 2_000, maxLength: 5_000 }),
);
const oneNode = fc.string({ minLength: 1, maxLength: 12 }).map(nodeId);
const nodes = fc.array(oneNode, { maxLength: 4 });
const stamps = fc.option(fc.record<Stamp>({ incarnation: u48, atMs: moments }), {
  nil: undefined,
});
const echoes = fc.option(
  fc.record<LeaseEcho>({
    stamp: fc.record<Stamp>({ incarnation: u48, atMs: moments }),
    floor: indexes,
  }),
  { nil: undefined },
);
const entries: fc.Arbitrary<readonly Entry[]> = fc.array(
  fc.record<Entry>({
    index: indexes,
    term: terms,
    atMs: moments,
    kind: fc.constantFrom('noop', 'command', 'membership'),
    payload: payloads,
  }),
  { maxLength: 5 },
);
const metas = fc.record<SnapshotMeta>({
  index: indexes,
  term: terms,
  atMs: moments,
  membership: fc.record({ voters: nodes, outgoing: nodes, learners: nodes }),
});
const fromLeader = { term: terms, round: u48, commit: indexes, settled: indexes, echo: echoes };
const is = <T extends string>(kind: T) => fc.constant(kind);

const messages: fc.Arbitrary<PeerMessage> = fc.oneof(
  fc.record({
    kind: is('vote-request'),
    preVote: fc.boolean(),
    term: terms,
    lastIndex: indexes,
    lastTerm: terms,
    transfer: fc.boolean(),
  }),
  fc.record({ kind: is('vote-answer'), preVote: fc.boolean(), term: terms, granted: fc.boolean() }),
  fc.record({ kind: is('append'), ...fromLeader, prevIndex: indexes, prevTerm: terms, entries }),
  fc.record({
    kind: is('append-answer'),
    term: terms,
    round: u48,
    stamp: stamps,
    result: fc.oneof(
      fc.record({ kind: is('matched'), match: indexes }),
      fc.record({
        kind: is('conflict'),
        prevIndex: indexes,
        hintIndex: indexes,
        hintTerm: terms,
      }),
    ),
  }),
  fc.record({ kind: is('heartbeat'), ...fromLeader, clockMs: moments }),
  fc.record({
    kind: is('heartbeat-answer'),
    term: terms,
    round: u48,
    stamp: stamps,
    lastIndex: indexes,
  }),
  fc.record({
    kind: is('snapshot-chunk'),
    term: terms,
    round: u48,
    meta: metas,
    offset: u48,
    bytes: payloads,
    checksum: fc.nat({ max: 0xffff_ffff }),
    last: fc.boolean(),
  }),
  fc.record({
    kind: is('snapshot-answer'),
    term: terms,
    round: u48,
    index: indexes,
    nextOffset: u48,
    installed: fc.boolean(),
  }),
  fc.record({ kind: is('timeout-now'), term: terms }),
  fc.record({ kind: is('read-request'), term: terms, id: u48, incarnation: u48 }),
  fc.record({
    kind: is('read-answer'),
    term: terms,
    id: u48,
    incarnation: u48,
    index: fc.option(indexes, { nil: undefined }),
  }),
  fc.record({ kind: is('forward'), id: u48, payloads: fc.array(payloads, { maxLength: 5 }) }),
  fc.record({
    kind: is('forward-answer'),
    id: u48,
    result: fc.oneof(
      fc.record({ kind: is('appended'), firstIndex: indexes, term: terms }),
      fc.record({
        kind: is('refused'),
        why: fc.constantFrom('not-leader' as const, 'overloaded' as const, 'storage-full' as const),
      }),
    ),
  }),
  fc.record({ kind: is('transfer-request'), to: fc.option(oneNode, { nil: undefined }) }),
);

/** Bytes are compared as such, whatever kind of array holds them. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
  }
  return Object.is(value, -0) ? 0 : value;
}

function framed(all: readonly PeerMessage[]): Buffer {
  const out = new ByteWriter();
  for (const message of all) {
    out.beginFrame();
    writeMessage(out, message);
    out.endFrame();
  }
  const bytes = out.bytes;
  const joined = Buffer.concat(out.take());
  expect(joined.length).toBe(bytes);
  expect(out.bytes).toBe(0);
  return joined;
}

function read(body: Buffer): PeerMessage {
  const reader = new ByteReader(body);
  const message = readMessage(reader);
  reader.end();
  return message;
}

describe('messages as bytes', () => {
  it('come back as they were, however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(messages, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 20 }),
        (sent, cuts) => {
          const stream = framed(sent);
          const splitter = new FrameSplitter(1 << 20);
          const received: PeerMessage[] = [];
          for (let at = 0, i = 0; at < stream.length; i++) {
            const end = at + cuts[i % cuts.length]!;
            splitter.push(Buffer.from(stream.subarray(at, end)), (body) =>
              received.push(read(body)),
            );
            at = end;
          }
          expect(received.map(plain)).toEqual(sent.map(plain));
        },
      ),
    );
  });

  it('are refused as a whole when a byte is missing or left over', () => {
    fc.assert(
      fc.property(messages, (message) => {
        const body = framed([message]).subarray(4);
        expect(() => read(body.subarray(0, body.length - 1))).toThrow(RangeError);
        expect(() => read(Buffer.concat([body, Buffer.alloc(1)]))).toThrow(RangeError);
      }),
    );
  });

  it('never throw anything but a RangeError when the bytes are garbage', () => {
    fc.assert(
      fc.property(
        messages,
        fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 6 }),
        (message, damage) => {
          const body = Buffer.from(framed([message]).subarray(4));
          for (const [at, value] of damage) body[at % body.length] = value;
          try {
            read(body);
          } catch (error) {
            expect((error as Error).name).toBe('RangeError');
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('pass a large payload on without copying it', () => {
    const bytes = Buffer.alloc(50_000);
    const out = new ByteWriter();
    out.beginFrame();
    out.bytesOf(bytes);
    out.endFrame();
    expect(out.take().some((part) => part.buffer === bytes.buffer)).toBe(true);
  });

  it('write more than a slab holds', () => {
    const sent: PeerMessage[] = Array.from({ length: 3_000 }, (_, id) => ({
      kind: 'forward',
      id,
      payloads: [Buffer.alloc(100, id % 256)],
    }));
    const received: PeerMessage[] = [];
    new FrameSplitter(1 << 20).push(framed(sent), (body) => received.push(read(body)));
    expect(received.map(plain)).toEqual(sent.map(plain));
  });
});

describe('a stream cut into frames', () => {
  it('is given up when a frame would be above the limit, before it is gathered', () => {
    const splitter = new FrameSplitter(1_000);
    const header = Buffer.alloc(4);
    header.writeUInt32BE(1_001);
    expect(() => splitter.push(header, () => undefined)).toThrow(ProtocolViolation);
  });
});
