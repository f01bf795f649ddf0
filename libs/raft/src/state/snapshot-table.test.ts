import fc from 'fast-check';

import { wholePart } from './snapshot-part.ts';
import { SnapshotParts } from './snapshot-parts.ts';
import { SnapshotTable } from './snapshot-table.ts';

interface Account {
  balance: number;
  note: string;
}

const newTable = (restored?: (key: string, value: Account) => void) =>
  new SnapshotTable<string, Account>({
    encode: (key, value) => Buffer.from(JSON.stringify([key, value])),
    decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as [string, Account],
    ...(restored === undefined ? {} : { restored }),
  });

const copyOf = (table: SnapshotTable<string, Account>) => structuredClone([...table]);

function restoreInto(parts: SnapshotParts, pieces: readonly Uint8Array[]): void {
  const sink = parts.restore();
  for (const piece of pieces) {
    // A store hands out buffers of its own and reuses them.
    const lent = Uint8Array.from(piece);
    sink.write(lent);
    lent.fill(0);
  }
  sink.end();
}

type Step =
  | { readonly kind: 'set' | 'change'; readonly key: number; readonly size: number }
  | { readonly kind: 'delete'; readonly key: number }
  | { readonly kind: 'take' };

const keys = fc.nat({ max: 40 });
const sizes = fc.oneof(fc.nat({ max: 50 }), fc.integer({ min: 20_000, max: 40_000 }));
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constantFrom('set' as const, 'change' as const),
      key: keys,
      size: sizes,
    }),
    fc.record({ kind: fc.constant('delete' as const), key: keys }),
    fc.record({ kind: fc.constant('take' as const) }),
  ),
  { maxLength: 120 },
);

let counter = 0;
function perform(table: SnapshotTable<string, Account>, step: Step): void {
  if (step.kind === 'take') return;
  const key = `k${step.key}`;
  counter += 1;
  if (step.kind === 'delete') {
    table.delete(key);
  } else if (step.kind === 'set') {
    table.set(key, { balance: counter, note: 'x'.repeat(step.size) });
  } else {
    const account = table.change(key);
    if (account === undefined) return;
    account.balance = counter;
    account.note = 'y'.repeat(step.size);
  }
}

describe('a table that is snapshot while it changes', () => {
  it('shows the moment at which the snapshot began, in the same order, whatever changes', () => {
    fc.assert(
      fc.property(steps, steps, (before, during) => {
        const tables = [newTable(), newTable()];
        const parts = new SnapshotParts(tables);
        for (const [i, step] of before.entries()) perform(tables[i % 2]!, step);
        const expected = tables.map(copyOf);

        const pieces: Uint8Array[] = [];
        const snapshot = parts.snapshot();
        for (const [i, step] of during.entries()) {
          if (step.kind === 'take') {
            const next = snapshot.next();
            if (next.done !== true) pieces.push(next.value);
          } else {
            perform(tables[i % 2]!, step);
          }
        }
        pieces.push(...snapshot);

        const restored = [newTable(), newTable()];
        restoreInto(new SnapshotParts(restored), pieces);
        expect(restored.map(copyOf)).toEqual(expected);
      }),
    );
  });

  it('goes on changing as any map would', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const table = newTable();
        const model = new Map<string, Account>();
        const run = table.snapshot();
        for (const step of all) {
          if (step.kind === 'take') run.take();
          perform(table, step);
          if (step.kind === 'delete') model.delete(`k${step.key}`);
          else if (step.kind === 'set') model.set(`k${step.key}`, table.get(`k${step.key}`)!);
        }
        expect([...table]).toEqual([...model]);
        expect(table.size).toBe(model.size);
        expect(table.first()).toEqual([...model][0]);
        expect([...table.keys()]).toEqual([...model.keys()]);
        expect([...table.values()]).toEqual([...model.values()]);
      }),
    );
  });

  it('holds in memory only what changed since the reader last came by', () => {
    const table = newTable();
    for (let i = 0; i < 1_000; i++) table.set(`k${i}`, { balance: 0, note: '' });
    const run = table.snapshot();
    table.change('k999')!.balance = 1;
    expect(run.takeChanged()).toBeDefined();
    table.change('k999')!.balance = 2;
    expect(run.takeChanged()).toBeUndefined();
  });

  it('writes nothing more for a snapshot that was given up or overtaken', () => {
    const table = newTable().set('a', { balance: 1, note: '' });
    const first = table.snapshot();
    const second = table.snapshot();
    table.set('a', { balance: 2, note: '' });
    expect(first.take()).toBeUndefined();
    second.cancel();
    expect(second.take()).toBeUndefined();
    table.delete('a');
    expect(table.size).toBe(0);
  });

  it('cancels every part when the reader leaves early', () => {
    const table = newTable().set('a', { balance: 1, note: '' });
    const parts = new SnapshotParts([table]);
    for (const piece of parts.snapshot()) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
    expect([...parts.snapshot()]).toHaveLength(1);
  });

  it('makes pieces of about 64 KiB, also where everything was written early', () => {
    const table = newTable();
    for (let i = 0; i < 20_000; i++) table.set(`k${i}`, { balance: i, note: 'n'.repeat(20) });
    const run = table.snapshot();
    for (let i = 0; i < 20_000; i++) table.change(`k${i}`)!.balance = -1;
    const lengths: number[] = [];
    for (let piece = run.take(); piece !== undefined; piece = run.take()) {
      lengths.push(piece.length);
    }
    expect(Math.max(...lengths)).toBeLessThan(70_000);
    expect(lengths.length).toBeGreaterThan(10);
  });

  it('rebuilds what hangs on its entries, in order', () => {
    const table = newTable();
    for (const key of ['c', 'a', 'b']) table.set(key, { balance: 0, note: '' });
    const pieces = [...new SnapshotParts([table]).snapshot()];
    const seen: string[] = [];
    restoreInto(new SnapshotParts([newTable((key) => seen.push(key))]), pieces);
    expect(seen).toEqual(['c', 'a', 'b']);
  });

  it('restores over what was there before', () => {
    const table = newTable().set('old', { balance: 1, note: '' });
    restoreInto(new SnapshotParts([table]), [
      ...new SnapshotParts([newTable().set('new', { balance: 2, note: '' })]).snapshot(),
    ]);
    expect([...table.keys()]).toEqual(['new']);
  });

  it('carries small parts beside tables', () => {
    let total = 7;
    const part = () =>
      wholePart({
        encode: () => Uint8Array.of(total),
        decode: (bytes) => (total = bytes[0]!),
      });
    const snapshot = new SnapshotParts([part(), newTable()]).snapshot();
    total = 9;
    const pieces = [...snapshot];
    restoreInto(new SnapshotParts([part(), newTable()]), pieces);
    expect(total).toBe(7);
  });
});
