import { TestTable } from './testing/test-table.ts';

describe('a deadlock', () => {
  it('is refused to the one who closes it, with the cycle, and disturbs nobody else', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    t.acquire('b', 'l');
    t.acquire('c', 'm');
    t.wait('a', 'l');
    t.wait('b', 'm');
    expect(t.wait('c', 'k')).toEqual({
      kind: 'deadlock',
      cycle: [
        { client: 'c', key: 'k', waitsFor: 'a' },
        { client: 'a', key: 'l', waitsFor: 'b' },
        { client: 'b', key: 'm', waitsFor: 'c' },
      ],
    });
    expect(t.waiters('l')).toEqual(['a']);
    expect(t.waiters('m')).toEqual(['b']);
    expect(t.waiters('k')).toEqual([]);
    t.release('c', 'm');
    expect(t.granted()).toEqual(['b']);
  });

  it('is not cried by a request that does not wait', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    t.acquire('b', 'l');
    t.wait('a', 'l');
    expect(t.acquire('b', 'k')).toMatchObject({ kind: 'held' });
  });

  it('is found through those who stand ahead in line, not only through holders', () => {
    const t = new TestTable();
    t.acquire('r', { k: 'S' });
    t.acquire('reader', 'l');
    t.wait('writer', 'k');
    t.wait('reader', { k: 'S' });
    // writer waits for r; reader waits for writer; r may not wait for what reader holds.
    expect(t.wait('r', 'l')).toMatchObject({
      kind: 'deadlock',
      cycle: [{ waitsFor: 'reader' }, { waitsFor: 'writer' }, { waitsFor: 'r' }],
    });
  });

  it('is found across several keys of one request', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    t.acquire('b', 'l');
    t.wait('a', { l: 'X', m: 'X' });
    expect(t.wait('b', { n: 'X', k: 'X' })).toMatchObject({ kind: 'deadlock' });
    expect(t.table.counts()).toMatchObject({ keys: 3, waits: 1 });
  });

  it('is found through a conversion', () => {
    const t = new TestTable();
    t.acquire('a', { k: 'S' });
    t.acquire('b', { k: 'S' });
    t.acquire('b', 'l');
    t.wait('a', 'l');
    expect(t.wait('b', { k: 'X' })).toMatchObject({ kind: 'deadlock' });
  });

  it('is not made by a client alone, whatever it holds and waits for', () => {
    const t = new TestTable();
    t.acquire('a', { k: 'S', l: 'X' });
    t.acquire('b', { k: 'S' });
    t.wait('a', { k: 'X' });
    expect(t.wait('a', { k: 'U', l: 'X' })).toMatchObject({ kind: 'granted' });
    expect(t.wait('a', { k: 'SIX', l: 'X' })).toMatchObject({ kind: 'waiting' });
    t.release('b', 'k');
    expect(t.holders('k')).toEqual({ a: 'X' });
    expect(t.table.counts().waits).toBe(0);
  });
});

describe('standing in line', () => {
  it('makes no false deadlock: a request overtakes whoever waits for the requester', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    t.acquire('c', { l: 'S' });
    t.wait('b', { k: 'X', l: 'X' });
    // b stands ahead at l, but cannot go on before a does.
    expect(t.acquire('a', { l: 'S' })).toMatchObject({ kind: 'granted' });
  });

  it('puts the one who has to wait in front of those who wait for it, directly or through others', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    t.acquire('b', 'm');
    t.acquire('c', 'l');
    t.wait('b', 'k');
    t.wait('d', { m: 'X', l: 'X' });
    t.wait('e', 'l');
    expect(t.wait('a', 'l')).toMatchObject({ kind: 'waiting' });
    expect(t.waiters('l')).toEqual(['a', 'd', 'e']);
    t.release('c', 'l');
    expect(t.granted()).toEqual(['a']);
  });

  it('lets nobody be overtaken who does not wait for the requester', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    t.acquire('c', 'l');
    t.wait('s', { l: 'S' });
    t.wait('b', { k: 'S', l: 'S' });
    expect(t.wait('a', 'l')).toMatchObject({ kind: 'waiting' });
    expect(t.waiters('l')).toEqual(['s', 'a', 'b']);
    t.release('c', 'l');
    expect(t.granted()).toEqual(['s']);
    t.release('s', 'l');
    expect(t.granted()).toEqual(['a']);
  });

  it('lets a conversion go ahead of arrivals, except of those that it waits for itself', () => {
    const t = new TestTable();
    t.acquire('c', { k: 'IS' });
    t.acquire('d', { k: 'IS' });
    t.acquire('q', 'other');
    t.acquire('v', 'mine');
    t.wait('u', { k: 'IX', other: 'X' });
    t.wait('v', { k: 'S' });
    t.wait('d', 'mine');
    // d waits for v, who waits behind u; c must wait for d. Ahead of v it would close a cycle.
    expect(t.wait('c', { k: 'X' })).toMatchObject({ kind: 'waiting' });
    expect(t.waiters('k')).toEqual(['u', 'v', 'c']);
    t.release('q', 'other');
    t.release('u', 'k', 'other');
    expect(t.granted()).toEqual(['v']);
    t.release('v', 'mine');
    expect(t.granted()).toEqual(['d']);
    t.release('v', 'k');
    t.release('d', 'k', 'mine');
    expect(t.granted()).toEqual(['c']);
  });

  it('grants no upgrade past an arrival for whom its client waits elsewhere', () => {
    const t = new TestTable();
    t.acquire('d', { k2: 'IS' });
    t.acquire('a', 'k1');
    t.wait('b', { k1: 'IS', k2: 'IS' });
    t.wait('d', 'k1');
    // Nobody else holds k2; but b, for whom d waits at k1, would then wait for d.
    expect(t.acquire('d', 'k2')).toMatchObject({ kind: 'held', conflicts: [{ key: 'k2' }] });
    expect(t.wait('d', 'k2')).toMatchObject({ kind: 'waiting' });
    expect(t.waiters('k2')).toEqual(['b', 'd']);
    t.release('a', 'k1');
    expect(t.granted()).toEqual(['b']);
    t.release('b', 'k1', 'k2');
    expect(t.granted().toSorted()).toEqual(['d', 'd']);
  });

  it('shows who waits for whom, and why', () => {
    const t = new TestTable();
    t.acquire('a', { k: 'S' });
    t.wait('b', 'k');
    t.wait('c', { k: 'S' });
    expect(t.table.waitGraph(10)).toEqual({
      more: false,
      edges: [
        { wait: 102, client: 'b', key: 'k', mode: 'X', waitsFor: 'a', because: 'holder' },
        { wait: 103, client: 'c', key: 'k', mode: 'S', waitsFor: 'b', because: 'ahead-in-line' },
      ],
    });
    expect(t.table.waitGraph(1)).toMatchObject({ more: true, edges: [{ client: 'b' }] });
  });
});
