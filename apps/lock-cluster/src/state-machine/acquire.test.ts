import { TestTable } from './testing/test-table.ts';

describe('acquiring a lock', () => {
  it('grants a free key under the index of the entry, which is the fencing token', () => {
    const t = new TestTable();
    expect(t.acquire('a', 'k', { ttlMs: 500 })).toEqual({
      kind: 'granted',
      client: 'a',
      holds: [{ key: 'k', mode: 'X', token: 101, expiresAtMs: 1_500 }],
    });
  });

  it('tries once when it may not wait, and says who holds the key', () => {
    const t = new TestTable();
    t.acquire('a', { k: 'S' });
    t.wait('w', 'k');
    expect(t.acquire('b', 'k')).toEqual({
      kind: 'held',
      conflicts: [
        {
          key: 'k',
          holders: [{ client: 'a', mode: 'S', token: 101, expiresAtMs: 31_000 }],
          holderCount: 1,
          queueLength: 1,
        },
      ],
    });
    expect(t.waiters('k')).toEqual(['w']);
  });

  it('wakes the first in line with a greater token when the holder releases', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    expect(t.wait('b', 'k')).toEqual({ kind: 'waiting', wait: 102, untilMs: 21_000 });
    t.wait('c', 'k');
    t.release('a', 'k');
    expect(t.events).toEqual([
      {
        kind: 'granted',
        wait: 102,
        client: 'b',
        holds: [{ key: 'k', mode: 'X', token: 104, expiresAtMs: 31_000 }],
        callers: [{ node: 'n1', incarnation: 1, call: 2, untilMs: 21_000 }],
      },
    ]);
    expect(t.waiters('k')).toEqual(['c']);
  });

  it('lets a compatible request wait behind an earlier one that is not: writers do not starve', () => {
    const t = new TestTable();
    t.acquire('r1', { k: 'S' });
    t.wait('w', { k: 'X' });
    expect(t.wait('r2', { k: 'S' })).toMatchObject({ kind: 'waiting' });
    expect(t.acquire('r3', { k: 'S' })).toMatchObject({ kind: 'held' });
    t.release('r1', 'k');
    expect(t.granted()).toEqual(['w']);
  });

  it('lets a request pass earlier ones that it is compatible with', () => {
    const t = new TestTable();
    t.acquire('a', { k: 'IX' });
    t.wait('b', { k: 'S' });
    expect(t.acquire('c', { k: 'IS' })).toMatchObject({ kind: 'granted' });
  });

  it('grants a run of compatible waiters at the head together, and no further', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    for (const client of ['r1', 'r2']) t.wait(client, { k: 'S' });
    t.wait('w', { k: 'X' });
    t.wait('r3', { k: 'S' });
    t.release('a', 'k');
    expect(t.holders('k')).toEqual({ r1: 'S', r2: 'S' });
    expect(t.waiters('k')).toEqual(['w', 'r3']);
  });

  it('answers a holder that asks again in a covered mode with the same token and a fresh lease', () => {
    const t = new TestTable();
    t.acquire('a', { k: 'X' });
    t.pass(10_000);
    expect(t.acquire('a', { k: 'S' }, { ttlMs: 5_000 })).toMatchObject({
      holds: [{ mode: 'X', token: 101, expiresAtMs: 16_000 }],
    });
  });

  it('converts a hold to the weakest mode that covers both, under a new token', () => {
    const t = new TestTable();
    t.acquire('a', { k: 'S' });
    expect(t.acquire('a', { k: 'IX' })).toMatchObject({ holds: [{ mode: 'SIX', token: 102 }] });
  });

  it('lets conversions go before arrivals that came earlier', () => {
    const t = new TestTable();
    t.acquire('a', { k: 'S' });
    t.acquire('b', { k: 'S' });
    t.wait('w', { k: 'X' });
    t.wait('a', { k: 'X' });
    expect(t.waiters('k')).toEqual(['a', 'w']);
    t.release('b', 'k');
    expect(t.granted()).toEqual(['a']);
    expect(t.holders('k')).toEqual({ a: 'X' });
  });

  it('gives the same waiting request its old place, and both callers the answer', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    const first = t.wait('b', 'k');
    t.wait('c', 'k');
    t.pass(5_000);
    t.node = 'n2';
    expect(t.wait('b', 'k')).toEqual({ ...first, untilMs: 26_000 });
    expect(t.waiters('k')).toEqual(['b', 'c']);
    t.release('a', 'k');
    expect(t.events).toMatchObject([
      {
        client: 'b',
        callers: [
          { node: 'n1', call: 2 },
          { node: 'n2', call: 4 },
        ],
      },
    ]);
  });

  it('keeps waiting for one caller when the time of another is over', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    t.wait('b', 'k', { waitMs: 1_000 });
    t.wait('b', 'k', { waitMs: 5_000 });
    expect(t.pass(1_000)).toMatchObject([{ kind: 'timed-out', callers: [{ call: 2 }] }]);
    expect(t.waiters('k')).toEqual(['b']);
    expect(t.pass(4_000)).toMatchObject([{ kind: 'timed-out', callers: [{ call: 3 }] }]);
    expect(t.waiters('k')).toEqual([]);
  });

  it('wants a key that is named twice in the weakest mode that covers both', () => {
    const t = new TestTable();
    const keys = [
      { key: 'k', mode: 'S' },
      { key: 'k', mode: 'IX' },
    ] as const;
    expect(t.acquire('a', 'k', { keys } as object)).toMatchObject({ holds: [{ mode: 'SIX' }] });
    expect(t.holders('k')).toEqual({ a: 'SIX' });
  });
});

describe('acquiring several keys', () => {
  it('grants all or nothing, under one token', () => {
    const t = new TestTable();
    expect(t.acquire('a', { k: 'X', l: 'S' })).toMatchObject({
      holds: [
        { key: 'k', token: 101 },
        { key: 'l', token: 101 },
      ],
    });
    expect(t.acquire('b', { l: 'S', k: 'S' })).toMatchObject({
      kind: 'held',
      conflicts: [{ key: 'k' }],
    });
    expect(t.holders('l')).toEqual({ a: 'S' });
  });

  it('holds nothing while it waits, and stands in the line of each key', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    t.wait('b', { k: 'X', l: 'X' });
    expect(t.holders('l')).toEqual({});
    expect(t.wait('c', 'l')).toMatchObject({ kind: 'waiting' });
    t.release('a', 'k');
    expect(t.granted()).toEqual(['b']);
    t.release('b', 'k', 'l');
    expect(t.granted()).toEqual(['c']);
  });

  it('frees those behind it in every line when its time is over', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    t.wait('b', { k: 'X', l: 'X' }, { waitMs: 1_000 });
    t.wait('c', 'l');
    t.pass(1_000);
    expect(t.granted()).toEqual(['c']);
  });

  it('is lost when a hold that it builds on ends', () => {
    const t = new TestTable();
    t.acquire('a', { k: 'S' }, { ttlMs: 1_000 });
    t.acquire('b', { l: 'X' });
    t.wait('a', { k: 'S', l: 'X' });
    expect(t.pass(1_000)).toMatchObject([
      { kind: 'expired', key: 'k', client: 'a' },
      { kind: 'hold-lost', keys: ['k'], callers: [{ call: 3 }] },
    ]);
    t.release('b', 'l');
    expect(t.granted()).toEqual([]);
  });
});

describe('the limits of the table', () => {
  it('refuse a hold, a wait, a place in line or a caller too many', () => {
    const t = new TestTable({
      holdsMax: 3,
      waitsMax: 2,
      waitersPerKeyMax: 1,
      callersPerWaitMax: 1,
    });
    t.acquire('a', { k: 'X', l: 'X' });
    expect(t.acquire('b', { m: 'X', n: 'X' })).toEqual({ kind: 'overloaded', limit: 'holds' });
    t.wait('b', 'k');
    expect(t.wait('b', 'k')).toEqual({ kind: 'overloaded', limit: 'callers-per-wait' });
    expect(t.wait('c', 'k')).toEqual({ kind: 'overloaded', limit: 'waiters-per-key' });
    t.wait('c', 'l');
    expect(t.wait('d', 'k')).toEqual({ kind: 'overloaded', limit: 'waits' });
    expect(t.table.counts()).toMatchObject({ keys: 2, clients: 3, holds: 2, waits: 2 });
  });
});
