import { waitId } from './ids.ts';
import { TestTable } from './testing/test-table.ts';

const ask = (t: TestTable, ticket: number, waitMs = 0) => {
  t.call += 1;
  return t.apply({ kind: 'ticket', ticket: waitId(ticket), waitMs, call: t.call });
};

describe('a ticket', () => {
  it('is given instead of waiting, with the position in line', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    t.wait('b', 'k');
    expect(t.acquire('c', 'k', { queue: true })).toEqual({
      kind: 'queued',
      ticket: 103,
      position: 2,
    });
    t.apply({ kind: 'cancel', client: 'b', key: 'k' });
    expect(ask(t, 103)).toEqual({ kind: 'queued', ticket: 103, position: 1 });
  });

  it('is not needed where the key is free', () => {
    const t = new TestTable();
    expect(t.acquire('a', 'k', { queue: true })).toMatchObject({ kind: 'granted' });
  });

  it('leaves the line when it is not asked for in ten seconds', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    t.acquire('b', 'k', { queue: true });
    t.pass(9_999);
    expect(ask(t, 102)).toMatchObject({ kind: 'queued' });
    expect(t.pass(9_999)).toEqual([]);
    expect(t.pass(1)).toEqual([{ kind: 'ticket-lapsed', ticket: 102, granted: false }]);
    expect(ask(t, 102)).toEqual({ kind: 'not-waiting' });
    t.release('a', 'k');
    expect(t.granted()).toEqual([]);
  });

  it('has its grant released when that is not asked for in time', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    t.acquire('b', 'k', { queue: true });
    t.wait('c', 'k');
    t.pass(5_000);
    t.release('a', 'k');
    expect(t.holders('k')).toEqual({ b: 'X' });
    t.moveToSnapshot();
    expect(t.pass(5_000)).toMatchObject([
      { kind: 'ticket-lapsed', ticket: 102, granted: true },
      { kind: 'granted', client: 'c' },
    ]);
  });

  it('once told of its grant, is told the same again and keeps it', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    t.acquire('b', 'k', { queue: true });
    t.release('a', 'k');
    const told = ask(t, 102);
    expect(told).toMatchObject({ kind: 'granted', client: 'b', holds: [{ key: 'k', token: 103 }] });
    t.moveToSnapshot();
    expect(ask(t, 102)).toEqual(told);
    expect(t.pass(20_000)).toEqual([]);
    t.release('b', 'k');
    expect(ask(t, 102)).toEqual({ kind: 'not-waiting' });
  });

  it('can be waited for: the grant, or its position when the time of the call is over', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    t.acquire('b', 'k', { queue: true });
    expect(ask(t, 102, 3_000)).toMatchObject({ kind: 'waiting', untilMs: 4_000 });
    expect(t.pass(3_000)).toMatchObject([
      { kind: 'timed-out', position: 1, callers: [{ call: 3 }] },
    ]);
    ask(t, 102, 3_000);
    t.release('a', 'k');
    expect(t.events).toMatchObject([{ kind: 'granted', callers: [{ call: 4 }] }]);
    expect(t.pass(20_000)).toEqual([]);
  });

  it('is good for another ten seconds when the call that was told of its grant had gone', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    t.acquire('b', 'k', { queue: true });
    ask(t, 102, 3_000);
    t.release('a', 'k');
    t.leave('b', 'k', 3);
    expect(t.holders('k')).toEqual({ b: 'X' });
    expect(t.pass(9_999)).toEqual([]);
    expect(t.pass(1)).toMatchObject([{ kind: 'ticket-lapsed', granted: true }]);
    expect(t.holders('k')).toEqual({});
  });

  it('is cancelled while it stands in line, and while its grant was not asked for', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    t.acquire('b', 'k', { queue: true });
    t.acquire('c', 'k', { queue: true });
    expect(t.apply({ kind: 'cancel', ticket: waitId(102) })).toEqual({
      kind: 'cancelled',
      waits: 1,
    });
    t.release('a', 'k');
    expect(t.holders('k')).toEqual({ c: 'X' });
    t.apply({ kind: 'cancel', ticket: waitId(103) });
    expect(t.holders('k')).toEqual({});
  });

  it('that was told of its grant is not cancelled', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    t.acquire('b', 'k', { queue: true });
    t.release('a', 'k');
    ask(t, 102);
    expect(t.apply({ kind: 'cancel', ticket: waitId(102) })).toEqual({ kind: 'not-waiting' });
    expect(t.holders('k')).toEqual({ b: 'X' });
  });

  it('is not tied to a node', () => {
    const t = new TestTable();
    t.acquire('a', 'k');
    t.node = 'n2';
    t.acquire('b', 'k', { queue: true });
    ask(t, 102, 1_000);
    t.node = 'n1';
    t.notice({ kind: 'node-gone', node: 'n2' as never });
    t.release('a', 'k');
    expect(t.holders('k')).toEqual({ b: 'X' });
    expect(ask(t, 102)).toMatchObject({ kind: 'granted' });
  });

  it('is never granted and lapsed by one entry: the next in line gets a token of its own', () => {
    const t = new TestTable();
    t.acquire('a', 'k', { ttlMs: 5_000 });
    t.acquire('b', 'k', { queue: true });
    t.wait('c', 'k');
    t.nowMs += 15_000;
    expect(t.notice({ kind: 'clock' })).toMatchObject([
      { kind: 'expired', client: 'a' },
      { kind: 'ticket-lapsed', granted: false },
      { kind: 'granted', client: 'c' },
    ]);
  });
});
