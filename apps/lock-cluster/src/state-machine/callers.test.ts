import { nodeId } from '@quorate/raft';
import { waitId } from './ids.ts';
import { TestTable } from './testing/test-table.ts';

const gone = (node: string) => ({ kind: 'node-gone', node: nodeId(node) }) as const;
const started = (node: string, incarnation: number) =>
  ({ kind: 'node-started', node: nodeId(node), incarnation }) as const;

describe('a wait whose time is over', () => {
  it('is never granted later unseen', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    t.wait('b', 'k', { waitMs: 1_000 });
    expect(t.pass(1_000)).toMatchObject([{ kind: 'timed-out', wait: 102, callers: [{ call: 2 }] }]);
    t.release('a', 'k');
    expect(t.granted()).toEqual([]);
    expect(t.table.counts().keys).toBe(0);
  });

  it('is granted to the last when the key comes free first, though one entry sees both', () => {
    const t = new TestTable();
    t.acquire('a', 'k', { ttlMs: 1_000 });
    t.wait('b', 'k', { waitMs: 1_001 });
    t.nowMs += 1_500;
    expect(t.notice({ kind: 'clock' })).toMatchObject([{ kind: 'expired' }, { client: 'b' }]);
  });

  it('lets those behind it go on', () => {
    const t = new TestTable();
    t.acquire('a', { k: 'S' });
    t.wait('b', 'k', { waitMs: 1_000 });
    t.wait('c', { k: 'S' });
    t.pass(1_000);
    expect(t.granted()).toEqual(['c']);
  });
});

describe('a caller that has gone', () => {
  it('leaves the line by an entry, and those behind it go on', () => {
    const t = new TestTable();
    t.acquire('a', { k: 'S' });
    t.wait('b', 'k');
    t.wait('c', { k: 'S' });
    expect(t.leave('b', 'k', 2)).toEqual({ kind: 'left' });
    expect(t.granted()).toEqual(['c']);
  });

  it('gives back a grant that came before its leaving was known', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    t.wait('b', 'k');
    t.wait('c', 'k');
    t.release('a', 'k');
    t.leave('b', 'k', 2);
    expect(t.granted()).toEqual(['c']);
  });

  it('gives back what it was granted at once, too', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    t.leave('a', 'k', 1);
    expect(t.holders('k')).toEqual({});
  });

  it('takes nothing from a call of the same client that has been told of the grant', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    t.acquire('a', 'k');
    t.leave('a', 'k', 1);
    t.leave('a', 'k', 2);
    expect(t.holders('k')).toEqual({ a: 'X' });
  });

  it('takes nothing from another caller of the same wait, before the grant or after it', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    t.wait('b', 'k');
    t.wait('b', 'k');
    t.wait('b', 'k');
    t.leave('b', 'k', 2);
    expect(t.waiters('k')).toEqual(['b']);
    t.release('a', 'k');
    t.leave('b', 'k', 3);
    expect(t.holders('k')).toEqual({ b: 'X' });
  });

  it('is told by its node and its life: the same number elsewhere is another call', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    t.node = 'n2';
    t.leave('a', 'k', 1);
    t.node = 'n1';
    t.incarnation = 2;
    t.leave('a', 'k', 1);
    expect(t.holders('k')).toEqual({ a: 'X' });
  });

  it('loses only what its conversion had gained, and the token that its client knows is good again', () => {
    const t = new TestTable();
    t.acquire('a', { k: 'S' });
    t.wait('a', { k: 'X' });
    t.wait('b', { k: 'S' });
    t.leave('a', 'k', 2);
    expect(t.table.view('k')?.holders).toMatchObject([
      { client: 'a', mode: 'S', token: 101 },
      { client: 'b', mode: 'S' },
    ]);
  });

  it('keeps what its conversion gave up, because others may have it by now', () => {
    const t = new TestTable();
    t.acquire('a', { k: 'S' });
    t.wait('b', { k: 'IX' });
    t.convert('a', 'k', 'IX');
    t.leave('a', 'k', 3);
    expect(t.holders('k')).toEqual({ a: 'IX', b: 'IX' });
  });
});

describe('cancelling', () => {
  it('ends all waits of a client at a key, and tells who is parked', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    t.wait('b', 'k');
    expect(t.apply({ kind: 'cancel', client: 'b', key: 'k' })).toEqual({
      kind: 'cancelled',
      waits: 1,
    });
    expect(t.events).toMatchObject([{ kind: 'cancelled', wait: 102, callers: [{ call: 2 }] }]);
    t.release('a', 'k');
    expect(t.granted()).toEqual([]);
    expect(t.apply({ kind: 'cancel', client: 'b', key: 'k' })).toEqual({ kind: 'not-waiting' });
  });

  it('does not take a place by a number that is no ticket', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    t.wait('b', 'k');
    expect(t.apply({ kind: 'cancel', ticket: waitId(102) })).toEqual({ kind: 'not-waiting' });
    expect(t.apply({ kind: 'ticket', ticket: waitId(102), waitMs: 0, call: 9 })).toEqual({
      kind: 'not-waiting',
    });
  });
});

describe('when a node goes', () => {
  function twoWaiters(): TestTable {
    const t = new TestTable();
    t.notice(started('n1', 1));
    t.acquire('a', 'k');
    t.node = 'n2';
    t.wait('b', 'k');
    t.node = 'n1';
    t.wait('c', 'k');
    return t;
  }

  it.each([gone('n2'), started('n2', 2)])('its waiters are passed over ($kind)', (notice) => {
    const t = twoWaiters();
    expect(t.notice(notice)).toMatchObject([{ kind: 'suspended', callers: [{ node: 'n2' }] }]);
    t.release('a', 'k');
    expect(t.granted()).toEqual(['c']);
  });

  it('those behind its waiters go on at once', () => {
    const t = new TestTable();
    t.acquire('a', { k: 'S' });
    t.node = 'n2';
    t.wait('b', 'k');
    t.node = 'n1';
    t.wait('c', { k: 'S' });
    t.notice(gone('n2'));
    expect(t.granted()).toEqual(['c']);
  });

  it('a waiter keeps its place and gets it back when it asks through another node', () => {
    const t = twoWaiters();
    t.notice(gone('n2'));
    expect(t.waiters('k')).toEqual(['c']);
    t.moveToSnapshot();
    expect(t.wait('b', 'k')).toMatchObject({ kind: 'waiting' });
    expect(t.waiters('k')).toEqual(['b', 'c']);
    t.release('a', 'k');
    expect(t.granted()).toEqual(['b']);
  });

  it('a waiter that asks again when the key is free is granted at once', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    t.node = 'n2';
    t.wait('b', 'k');
    t.notice(gone('n2'));
    t.release('a', 'k');
    expect(t.holders('k')).toEqual({});
    t.node = 'n1';
    expect(t.wait('b', 'k')).toMatchObject({ kind: 'granted', holds: [{ key: 'k' }] });
  });

  it('a waiter that does not ask again runs out of time', () => {
    const t = twoWaiters();
    t.notice(gone('n2'));
    expect(t.pass(20_000)).toContainEqual(
      expect.objectContaining({ kind: 'timed-out', wait: 103 }),
    );
    expect(t.table.view('k')?.waiters).toEqual([]);
  });

  it('a waiter with a second caller on a node that lives waits on', () => {
    const t = twoWaiters();
    t.wait('b', 'k');
    expect(t.notice(gone('n2'))).toEqual([]);
    expect(t.waiters('k')).toEqual(['b', 'c']);
  });

  it('its waiters are back in their places when that same life is heard of again', () => {
    const t = twoWaiters();
    t.notice(started('n2', 1));
    t.notice(gone('n2'));
    t.notice(started('n2', 1));
    expect(t.waiters('k')).toEqual(['b', 'c']);
  });

  it('a waiter whose place would now close a cycle goes to the end of the line instead', () => {
    const t = new TestTable();
    t.acquire('h', 'k');
    t.acquire('x', 'l');
    t.node = 'n2';
    t.wait('b', { k: 'X', l: 'X' });
    t.node = 'n1';
    t.notice(gone('n2'));
    t.wait('c', 'k');
    t.acquire('b', 'm');
    // While b did not count, x began to wait for c, who stands behind b at k.
    t.acquire('c', 'n');
    t.wait('x', 'n');
    expect(t.wait('b', { k: 'X', l: 'X' })).toMatchObject({ kind: 'waiting' });
    expect(t.waiters('k')).toEqual(['c', 'b']);
  });

  it('a waiter for whom even the end of the line closes a cycle is refused', () => {
    const t = new TestTable();
    t.acquire('h', 'k');
    t.acquire('b', 'm');
    t.node = 'n2';
    t.wait('b', 'k');
    t.node = 'n1';
    t.notice(gone('n2'));
    t.wait('h', 'm');
    expect(t.wait('b', 'k')).toMatchObject({
      kind: 'deadlock',
      cycle: [
        { client: 'b', waitsFor: 'h' },
        { client: 'h', waitsFor: 'b' },
      ],
    });
    expect(t.table.view('k')?.waiters).toEqual([]);
  });

  it('a thousand of its waiters are suspended in one entry, and none is granted before its turn', () => {
    const t = new TestTable();
    for (let i = 0; i < 1_500; i++) t.acquire(`h${i}`, `k${i}`);
    t.node = 'n2';
    for (let i = 0; i < 1_500; i++) t.wait(`w${i}`, `k${i}`);
    t.node = 'n1';
    expect(t.notice(gone('n2'))).toHaveLength(1_000);
    expect(t.table.nextDeadline()).toBeLessThanOrEqual(t.nowMs);
    t.release('h1499', 'k1499');
    expect(t.events).toMatchObject([{ kind: 'suspended' }]);
    t.moveToSnapshot();
    expect(t.notice({ kind: 'clock' })).toHaveLength(499);
    expect(t.table.nextDeadline()).toBe(21_000);
  });
});

describe('a call that was parked while a snapshot replaced the state', () => {
  it('finds out whether it waits, was granted, or is over', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    t.wait('b', 'k');
    const caller = { node: nodeId('n1'), incarnation: 1, call: 2 };
    const ask = () => t.table.outlook({ client: 'b', keys: ['k'], caller });
    t.moveToSnapshot();
    expect(ask()).toEqual({ kind: 'waiting', wait: 102 });
    t.release('a', 'k');
    t.moveToSnapshot();
    expect(ask()).toMatchObject({ kind: 'granted', holds: [{ key: 'k', token: 103 }] });
    t.release('b', 'k');
    expect(ask()).toEqual({ kind: 'over' });
  });
});
