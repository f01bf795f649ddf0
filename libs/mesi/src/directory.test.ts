import fc from 'fast-check';
import {
  afterDeparture,
  afterDrop,
  afterFlush,
  afterRead,
  afterWrite,
  lineStateOf,
  noOwner,
  writeKindOf,
  type DirectoryEntry,
} from './directory.ts';

const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
beforeAll(() => process.stdout.write(`directory properties: SEED=${seed}\n`));

const nodes = [0, 1, 2];
const statesOf = (entry: DirectoryEntry | undefined) =>
  nodes.map((node) => lineStateOf(entry, node)).join('');

describe('the directory', () => {
  it('makes a writer the owner, and the only one', () => {
    const entry = afterWrite({ node: 1, version: 7 });
    expect(entry).toEqual({
      version: 7,
      deadlineMs: Infinity,
      owner: 1,
      sharers: 0b010,
      dirty: true,
      present: true,
    });
    expect(statesOf(entry)).toBe('IMI');
  });

  it('shares between an owner and a reader, and keeps the value dirty until memory has it', () => {
    const shared = afterRead(afterWrite({ node: 0, version: 3 }), 1);
    expect(shared).toMatchObject({ owner: noOwner, sharers: 0b011, dirty: true });
    expect(statesOf(shared)).toBe('SSI');
    expect(statesOf(afterFlush(shared, 3))).toBe('SSI');
  });

  it('gives the first reader of a clean key E', () => {
    const alone = afterDeparture(afterWrite({ node: 0, version: 3 }), 0);
    expect(statesOf(afterRead(afterFlush(alone, 3)!, 2))).toBe('IIE');
  });

  it('gives a reader M where the value is still dirty and its writer is gone', () => {
    expect(statesOf(afterRead(afterDeparture(afterWrite({ node: 0, version: 3 }), 0), 2))).toBe(
      'IIM',
    );
  });

  it('lets an owner that evicted its line have it back as it was', () => {
    const entry = afterWrite({ node: 0, version: 3 });
    expect(afterRead(entry, 0)).toBe(entry);
  });

  it('takes a flush only for the version it names', () => {
    const entry = afterWrite({ node: 0, version: 9 });
    expect(afterFlush(entry, 8)).toBe(entry);
    expect(statesOf(afterFlush(entry, 9))).toBe('EII');
  });

  it('keeps a dropped key as a tombstone until memory has dropped it too', () => {
    const tombstone = afterDrop(5);
    expect(statesOf(tombstone)).toBe('III');
    expect(afterRead(tombstone, 1)).toBe(tombstone);
    expect(afterFlush(tombstone, 4)).toBe(tombstone);
    expect(afterFlush(tombstone, 5)).toBeUndefined();
  });

  it('calls a write by a sharer an upgrade', () => {
    const shared = afterRead(afterWrite({ node: 0, version: 3 }), 1);
    expect(nodes.map((node) => writeKindOf(shared, node))).toEqual([
      'BusUpgr',
      'BusUpgr',
      'BusRdX',
    ]);
    expect(writeKindOf(undefined, 0)).toBe('BusRdX');
  });

  it('knows one owner without sharers or sharers without owner, whatever happens', () => {
    const step = fc.record({
      kind: fc.constantFrom('write', 'read', 'flush', 'drop', 'departure'),
      node: fc.nat(2),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let entry: DirectoryEntry | undefined;
        steps.forEach(({ kind, node }, i) => {
          entry = after(entry, kind, node, i + 1);
          const states = statesOf(entry);
          expect(states).toMatch(/^(?:[SI]{3}|I*[ME]I*)$/);
          expect(entry?.dirty === true && states.includes('E')).toBe(false);
          expect(entry?.dirty !== true && states.includes('M')).toBe(false);
        });
      }),
      { seed, numRuns: 300 },
    );
  });
});

function after(
  entry: DirectoryEntry | undefined,
  kind: string,
  node: number,
  index: number,
): DirectoryEntry | undefined {
  switch (kind) {
    case 'write':
      return afterWrite({ node, version: index });
    case 'drop':
      return afterDrop(index);
    case 'read':
      return entry && afterRead(entry, node);
    case 'departure':
      return entry && afterDeparture(entry, node);
    default:
      return entry && afterFlush(entry, entry.version);
  }
}
