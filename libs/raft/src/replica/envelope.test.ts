import fc from 'fast-check';

import { nodeId } from '../core/ids.ts';
import {
  decodeGone,
  encodeEnvelope,
  encodeGone,
  encodeOrigin,
  EnvelopeReader,
} from './envelope.ts';

const u48 = fc.nat({ max: 2 ** 48 - 1 });
const origins = fc.record({
  node: fc.string({ maxLength: 60, unit: 'binary' }).map(nodeId),
  incarnation: u48,
});
const texts = fc.string({ maxLength: 20, unit: 'binary' });
const requests = fc.option(fc.record({ scope: texts, id: texts, fingerprint: texts }), {
  nil: undefined,
});

describe('an envelope', () => {
  it('is read as it was written', () => {
    const reader = new EnvelopeReader();
    fc.assert(
      fc.property(
        fc.constantFrom('command', 'clock', 'node-started', 'node-gone'),
        origins,
        fc.tuple(u48, fc.nat({ max: 0xffff_ffff })),
        requests,
        fc.uint8Array({ maxLength: 50 }),
        (kind, origin, [sequence, behind], request, body) => {
          const floor = Math.max(0, sequence - behind);
          const bytes = encodeEnvelope(
            kind,
            encodeOrigin(origin),
            { sequence, floor },
            { request, body },
          );
          const read = reader.read(bytes)!;
          expect(read).toMatchObject({ kind, origin, sequence, floor, request });
          expect(Buffer.from(read.body)).toEqual(Buffer.from(body));
        },
      ),
    );
  });

  it('names the same life by the same object, so that it is decoded once', () => {
    const reader = new EnvelopeReader();
    const origin = encodeOrigin({ node: nodeId('a'), incarnation: 7 });
    const bytes = encodeEnvelope(
      'clock',
      origin,
      { sequence: 0, floor: 0 },
      { body: Buffer.alloc(0) },
    );
    expect(reader.read(bytes)!.origin).toBe(reader.read(Buffer.from(bytes))!.origin);
  });

  it('that is none is found out and never thrown at', () => {
    const reader = new EnvelopeReader();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (garbage) => {
        expect(() => reader.read(garbage)).not.toThrow();
      }),
      { numRuns: 1_000 },
    );
    expect(reader.read(new Uint8Array(0))).toBeUndefined();
  });

  it('says which life of which node was given up', () => {
    fc.assert(
      fc.property(origins, ({ node, incarnation }) => {
        expect(decodeGone(encodeGone(node, incarnation))).toEqual({ node, incarnation });
      }),
    );
    expect(decodeGone(Buffer.from('03616263', 'hex'))).toBeUndefined();
  });
});
