import { fencingToken } from './ids.ts';
import { TestTable } from './testing/test-table.ts';

const token = fencingToken;

describe('a lease', () => {
  it('ends by a clock entry, which is told and hands the key on', () => {
    const t = new TestTable();
    t.acquire('a', 'k', { ttlMs: 1_000 });
    t.wait('b', 'k');
    expect(t.pass(999)).toEqual([]);
    expect(t.pass(1)).toMatchObject([
      { kind: 'expired', key: 'k', client: 'a', mode: 'X', token: 101 },
      { kind: 'granted', client: 'b', holds: [{ token: 103 }] },
    ]);
  });

  it('lives until the log ends it: a renewal that comes late, but before the clock entry, counts', () => {
    const t = new TestTable();
    t.acquire('a', 'k', { ttlMs: 1_000 });
    t.nowMs = 2_500;
    expect(t.apply({ kind: 'renew', client: 'a', keys: ['k'] })).toEqual({
      kind: 'renewed',
      holds: [{ key: 'k', mode: 'X', token: 101, expiresAtMs: 3_500 }],
    });
    expect(t.notice({ kind: 'clock' })).toEqual([]);
    expect(t.holders('k')).toEqual({ a: 'X' });
  });

  it('is over once the clock entry came first, however little too late the renewal was', () => {
    const t = new TestTable();
    t.acquire('a', 'k', { ttlMs: 1_000 });
    t.pass(1_000);
    expect(t.apply({ kind: 'renew', client: 'a', keys: ['k'] })).toEqual({
      kind: 'not-holder',
      keys: ['k'],
    });
  });

  it('is not ended by a clock entry that a stalled leader asked for before it was renewed', () => {
    const t = new TestTable();
    t.acquire('a', 'k', { ttlMs: 1_000 });
    t.nowMs = 1_900;
    t.apply({ kind: 'renew', client: 'a' });
    t.nowMs = 2_000;
    expect(t.notice({ kind: 'clock' })).toEqual([]);
    expect(t.table.nextDeadline()).toBe(2_900);
  });

  it('is renewed for everything the client holds when no key is named', () => {
    const t = new TestTable();
    t.acquire('a', 'k', { ttlMs: 1_000 });
    t.acquire('a', 'l', { ttlMs: 2_000 });
    t.nowMs = 1_500;
    expect(t.apply({ kind: 'renew', client: 'a' })).toMatchObject({
      holds: [
        { key: 'k', expiresAtMs: 2_500 },
        { key: 'l', expiresAtMs: 3_500 },
      ],
    });
    expect(t.apply({ kind: 'renew', client: 'b' })).toEqual({ kind: 'not-holder', keys: [] });
  });

  it('is not changed by a renewal or a release with a wrong token, not even in part', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    t.acquire('a', 'l');
    const before = t.table.list('', 9);
    const wrong = { kind: 'token-mismatch', key: 'l', current: 102 };
    const keys = ['k', 'l'];
    expect(t.apply({ kind: 'renew', client: 'a', keys, ttlMs: 9, token: token(101) })).toEqual(
      wrong,
    );
    expect(t.apply({ kind: 'release', client: 'a', keys, token: token(101) })).toEqual(wrong);
    expect(t.table.list('', 9)).toEqual(before);
    expect(t.apply({ kind: 'release', client: 'a', keys: ['k'], token: token(101) })).toEqual({
      kind: 'released',
      keys: ['k'],
    });
  });

  it('is not ended by anybody else, nor in part', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    t.acquire('b', 'l');
    expect(t.release('b', 'k')).toEqual({ kind: 'not-holder', keys: ['k'] });
    expect(t.release('b', 'l', 'k')).toEqual({ kind: 'not-holder', keys: ['k'] });
    expect(t.release('nobody', 'k')).toEqual({ kind: 'not-holder', keys: ['k'] });
    expect(t.holders('k')).toEqual({ a: 'X' });
    expect(t.holders('l')).toEqual({ b: 'X' });
  });

  it('ends with at most a thousand others in one entry; the rest is still due', () => {
    const t = new TestTable();
    for (let i = 0; i < 2_500; i++) t.acquire(`c${i}`, `k${i}`, { ttlMs: 1_000 });
    t.nowMs = 5_000;
    const rounds = [];
    while (t.table.nextDeadline() !== undefined) rounds.push(t.notice({ kind: 'clock' }).length);
    expect(rounds).toEqual([1_000, 1_000, 500]);
    expect(t.table.counts()).toMatchObject({ keys: 0, clients: 0, holds: 0 });
  });

  it('is verified by its token until it ends', () => {
    const t = new TestTable();
    t.acquire('a', { k: 'S' });
    t.acquire('b', { k: 'S' });
    expect(t.table.verify('k', token(101))).toEqual({ valid: true, current: 102 });
    t.release('a', 'k');
    expect(t.table.verify('k', token(101))).toEqual({ valid: false, current: 102 });
    expect(t.table.verify('l', token(101))).toEqual({ valid: false, current: undefined });
  });
});

describe('a lock delay', () => {
  it('keeps an expired key free for a while, for everyone', () => {
    const t = new TestTable();
    t.acquire('a', 'k', { ttlMs: 1_000, lockDelayMs: 500 });
    t.wait('b', 'k');
    expect(t.pass(1_000)).toMatchObject([{ kind: 'expired' }]);
    expect(t.acquire('a', 'k')).toEqual({
      kind: 'held',
      conflicts: [{ key: 'k', holders: [], holderCount: 0, queueLength: 1, delayedUntilMs: 2_500 }],
    });
    expect(t.pass(500)).toMatchObject([{ kind: 'granted', client: 'b' }]);
  });

  it('does not follow a release', () => {
    const t = new TestTable();
    t.acquire('a', 'k', { lockDelayMs: 500 });
    t.release('a', 'k');
    expect(t.acquire('b', 'k')).toMatchObject({ kind: 'granted' });
  });

  it('survives a renewal that does not name one, and is over even when nobody waits', () => {
    const t = new TestTable();
    t.acquire('a', 'k', { ttlMs: 1_000, lockDelayMs: 500 });
    t.acquire('a', 'k', { ttlMs: 1_000 });
    t.pass(1_000);
    expect(t.acquire('b', 'k')).toMatchObject({ kind: 'held' });
    t.moveToSnapshot();
    t.pass(500);
    expect(t.table.counts().keys).toBe(0);
  });
});
