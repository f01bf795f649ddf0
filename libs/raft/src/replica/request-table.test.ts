import fc from 'fast-check';

import { logIndex } from '../core/ids.ts';
import { SnapshotParts } from '../state/snapshot-parts.ts';
import type { RequestRef } from './group.ts';
import { RequestTable } from './request-table.ts';

const limits = { windowMs: 100, requestsMax: 8, bytesMax: 1 << 20 };
const ref = (id: number, fingerprint = 'f'): RequestRef => ({
  scope: 's',
  id: String(id),
  fingerprint,
});

function copyOf(table: RequestTable): RequestTable {
  const copy = new RequestTable(limits);
  const sink = new SnapshotParts([copy.part()]).restore();
  for (const piece of new SnapshotParts([table.part()]).snapshot()) sink.write(piece);
  sink.end();
  return copy;
}

describe('the table of requests', () => {
  it('remembers each for the whole window and no longer, as a plain list would', () => {
    const step = fc.record({
      id: fc.nat({ max: 12 }),
      waitMs: fc.nat({ max: 30 }),
      restart: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        let table = new RequestTable(limits);
        const model = new Map<number, { index: number; expiresAtMs: number }>();
        let atMs = 0;
        for (const [i, { id, waitMs, restart }] of steps.entries()) {
          atMs += waitMs;
          if (restart) table = copyOf(table);
          table.expire(atMs);
          for (const [key, { expiresAtMs }] of model) if (expiresAtMs <= atMs) model.delete(key);
          expect(table.size).toBe(model.size);
          const known = model.get(id);
          const looked = table.lookUp(ref(id), atMs);
          if (known !== undefined) {
            expect(looked).toMatchObject({ kind: 'repeated', index: known.index });
          } else if (model.size >= limits.requestsMax) {
            expect(looked).toEqual({ kind: 'full' });
          } else {
            expect(looked).toEqual({ kind: 'new' });
            table.remember(ref(id), { index: logIndex(i + 1), atMs, reply: Buffer.from([i]) });
            model.set(id, { index: i + 1, expiresAtMs: atMs + limits.windowMs });
          }
          const least = Math.min(...[...model.values()].map(({ expiresAtMs }) => expiresAtMs));
          expect(table.nextDeadline()).toBe(least === Infinity ? undefined : least);
        }
      }),
    );
  });

  it('knows an id that comes with another fingerprint', () => {
    const table = new RequestTable(limits);
    table.remember(ref(1), { index: logIndex(1), atMs: 0, reply: new Uint8Array(0) });
    expect(table.lookUp(ref(1, 'g'), 50)).toEqual({ kind: 'reused' });
    expect(table.lookUp(ref(1, 'g'), 100)).toEqual({ kind: 'new' });
  });

  it('does not confuse scopes with ids', () => {
    const table = new RequestTable(limits);
    const one = { scope: 'ab', id: 'c', fingerprint: 'f' };
    table.remember(one, { index: logIndex(1), atMs: 0, reply: new Uint8Array(0) });
    expect(table.lookUp({ ...one, scope: 'a', id: 'bc' }, 1)).toEqual({ kind: 'new' });
  });

  it('is bounded by bytes too', () => {
    const table = new RequestTable({ ...limits, bytesMax: 2_000 });
    table.remember(ref(1), { index: logIndex(1), atMs: 0, reply: Buffer.alloc(3_000) });
    expect(table.lookUp(ref(2), 1)).toEqual({ kind: 'full' });
    table.expire(100);
    expect(table.bytes).toBe(0);
    expect(table.lookUp(ref(2), 100)).toEqual({ kind: 'new' });
  });
});
