import { TestTable } from './testing/test-table.ts';

describe('a request that is repeated under its id', () => {
  it('joins its own wait and keeps its place', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    const command = t.acquireCommand('b', 'k', { waitMs: 5_000 });
    const first = t.apply(command);
    t.wait('c', 'k');
    t.node = 'n3';
    expect(t.repeat(command, first)).toEqual({ kind: 'waiting', wait: 102, untilMs: 6_000 });
    t.release('a', 'k');
    expect(t.events).toMatchObject([{ client: 'b', callers: [{ node: 'n1' }, { node: 'n3' }] }]);
  });

  it('reports the hold as it is now, and does not renew it', () => {
    const t = new TestTable();
    const command = t.acquireCommand('a', 'k');
    const first = t.apply(command);
    t.pass(1_000);
    t.apply({ kind: 'renew', client: 'a' });
    t.pass(1_000);
    expect(t.repeat(command, first)).toMatchObject({
      kind: 'granted',
      holds: [{ token: 101, expiresAtMs: 32_000 }],
    });
  });

  it('makes the grant known to another call, so that the first may leave', () => {
    const t = new TestTable();
    const command = t.acquireCommand('a', 'k');
    const first = t.apply(command);
    t.node = 'n2';
    t.repeat(command, first);
    t.node = 'n1';
    t.leave('a', 'k', 1);
    expect(t.holders('k')).toEqual({ a: 'X' });
  });

  it('learns that it waited and was granted meanwhile', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    const command = t.acquireCommand('b', 'k', { waitMs: 5_000 });
    const first = t.apply(command);
    t.release('a', 'k');
    expect(t.repeat(command, first)).toMatchObject({ kind: 'granted', holds: [{ token: 103 }] });
  });

  it('gets nothing new when what it was given has ended', () => {
    const t = new TestTable();
    const granted = t.acquireCommand('a', 'k');
    const first = t.apply(granted);
    t.release('a', 'k');
    expect(t.repeat(granted, first)).toEqual({ kind: 'ended', first: 'granted' });
    t.acquire('b', 'k');
    const waited = t.acquireCommand('a', 'k', { waitMs: 1_000 });
    const waiting = t.apply(waited);
    t.pass(1_000);
    expect(t.repeat(waited, waiting)).toEqual({ kind: 'ended', first: 'waiting' });
    expect(t.holders('k')).toEqual({ b: 'X' });
    expect(t.waiters('k')).toEqual([]);
  });

  it('is answered as the first was where that changed nothing', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    const command = t.acquireCommand('b', 'k');
    const first = t.apply(command);
    t.release('a', 'k');
    expect(t.repeat(command, first)).toBe(first);
    expect(t.holders('k')).toEqual({});
  });

  it('is tried again where it was refused for want of room', () => {
    const t = new TestTable({ holdsMax: 1 });
    t.acquire('a', 'k');
    const command = t.acquireCommand('b', 'l');
    const first = t.apply(command);
    expect(first).toMatchObject({ kind: 'overloaded' });
    t.release('a', 'k');
    expect(t.repeat(command, first)).toMatchObject({ kind: 'granted' });
  });

  it('does not release twice', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    const command = { kind: 'release', client: 'a', keys: ['k'] } as const;
    const first = t.apply(command);
    t.acquire('a', 'k');
    expect(t.repeat(command, first)).toBe(first);
    expect(t.holders('k')).toEqual({ a: 'X' });
  });
});

describe('a key of the other algorithm', () => {
  it('is refused to this one until it is deleted', () => {
    const t = new TestTable();
    expect(t.apply({ kind: 'reserve-key', key: 'k' })).toEqual({ kind: 'reserved', key: 'k' });
    t.moveToSnapshot();
    const refused = { kind: 'wrong-algorithm', key: 'k', uses: 'ricart-agrawala' };
    expect(t.acquire('a', { j: 'X', k: 'S' })).toEqual(refused);
    expect(t.apply({ kind: 'delete-key', key: 'k' })).toMatchObject({ existed: true });
    expect(t.acquire('a', 'k')).toMatchObject({ kind: 'granted' });
  });

  it('cannot be one that is in use here', () => {
    const t = new TestTable({ reservedKeysMax: 1 });
    t.acquire('a', 'k');
    const refused = { kind: 'wrong-algorithm', key: 'k', uses: 'raft' };
    expect(t.apply({ kind: 'reserve-key', key: 'k' })).toEqual(refused);
    expect(t.apply({ kind: 'delete-key', key: 'k' })).toEqual(refused);
    t.apply({ kind: 'reserve-key', key: 'l' });
    expect(t.apply({ kind: 'reserve-key', key: 'm' })).toMatchObject({ limit: 'reserved-keys' });
  });
});
