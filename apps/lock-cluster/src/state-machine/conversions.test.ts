import { TestTable } from './testing/test-table.ts';

describe('converting a hold', () => {
  it('needs a hold', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    expect(t.convert('b', 'k', 'S')).toEqual({ kind: 'not-holder', keys: ['k'] });
  });

  it('goes down at once, keeps the token, renews the lease and lets others in', () => {
    const t = new TestTable();
    t.acquire('a', 'k', { ttlMs: 1_000 });
    t.wait('b', { k: 'S' });
    t.nowMs = 1_500;
    expect(t.convert('a', 'k', 'S')).toMatchObject({
      holds: [{ mode: 'S', token: 101, expiresAtMs: 2_500 }],
    });
    expect(t.granted()).toEqual(['b']);
  });

  it('goes down even while somebody waits to go up: nothing can stand in its way', () => {
    const t = new TestTable();
    t.acquire('a', { k: 'U' });
    t.acquire('b', { k: 'S' });
    t.wait('b', { k: 'U' });
    expect(t.convert('a', 'k', 'S')).toMatchObject({ kind: 'granted' });
    expect(t.granted()).toEqual(['b']);
  });

  it('goes up under a new token when nobody is in the way', () => {
    const t = new TestTable();
    t.acquire('a', { k: 'S' });
    expect(t.convert('a', 'k', 'X')).toMatchObject({ holds: [{ mode: 'X', token: 102 }] });
  });

  it('goes exactly to the mode named, also sideways', () => {
    const t = new TestTable();
    t.acquire('a', { k: 'S' });
    t.wait('b', { k: 'IX' });
    expect(t.convert('a', 'k', 'IX', 1_000)).toMatchObject({
      holds: [{ mode: 'IX', token: 103 }],
    });
    expect(t.granted()).toEqual(['b']);
  });

  it('waits for the other holders and goes before arrivals', () => {
    const t = new TestTable();
    t.acquire('a', { k: 'S' });
    t.acquire('b', { k: 'S' });
    t.wait('c', { k: 'IX' });
    expect(t.convert('a', 'k', 'X', 1_000)).toMatchObject({ kind: 'waiting' });
    expect(t.convert('a', 'k', 'U')).toMatchObject({ kind: 'granted' });
    t.release('b', 'k');
    expect(t.granted()).toEqual(['a']);
  });

  it('is refused to the second of two who would both go from S to X', () => {
    const t = new TestTable();
    t.acquire('a', { k: 'S' });
    t.acquire('b', { k: 'S' });
    expect(t.convert('a', 'k', 'X', 1_000)).toMatchObject({ kind: 'waiting' });
    expect(t.convert('b', 'k', 'X', 1_000)).toEqual({
      kind: 'deadlock',
      cycle: [
        { client: 'b', key: 'k', waitsFor: 'a' },
        { client: 'a', key: 'k', waitsFor: 'b' },
      ],
    });
    expect(t.holders('k')).toEqual({ a: 'S', b: 'S' });
    t.release('b', 'k');
    expect(t.granted()).toEqual(['a']);
  });

  it('ends with the hold, whether that expires or is released', () => {
    for (const endHold of [
      (t: TestTable) => t.pass(1_000),
      (t: TestTable) => t.release('a', 'k'),
    ]) {
      const t = new TestTable();
      t.acquire('a', { k: 'S' }, { ttlMs: 1_000 });
      t.acquire('b', { k: 'S' });
      t.wait('a', { k: 'X' });
      endHold(t);
      expect(t.events).toContainEqual(expect.objectContaining({ kind: 'hold-lost', wait: 103 }));
      t.release('b', 'k');
      expect(t.granted()).toEqual([]);
      expect(t.table.counts()).toMatchObject({ keys: 0, clients: 0, waits: 0 });
    }
  });

  it('leaves the hold as it was when its time runs out', () => {
    const t = new TestTable();
    t.acquire('a', { k: 'S' });
    t.acquire('b', { k: 'S' });
    t.convert('a', 'k', 'X', 1_000);
    expect(t.pass(1_000)).toMatchObject([{ kind: 'timed-out', wait: 103 }]);
    expect(t.holders('k')).toEqual({ a: 'S', b: 'S' });
  });
});
