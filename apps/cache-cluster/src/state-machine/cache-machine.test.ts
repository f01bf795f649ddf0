import { lineStateOf } from '@quorate/mesi';
import { nodeId } from '@quorate/raft';
import { TestShard, textOf } from './testing/test-shard.ts';
import { dueMax } from './upkeep.ts';

function statesOf(shard: TestShard, key: string): string {
  const record = shard.state.keys.get(key);
  const entry = record && shard.state.standing(record);
  return ['a', 'b', 'c']
    .map((id) => lineStateOf(entry, shard.state.nodes.numberOf(nodeId(id))))
    .join('');
}

describe('the walk of a key', () => {
  it('goes from M through S and E to I, as reads, flushes and writes come', () => {
    const shard = new TestShard();
    shard.put('k', '1', { node: 'a' });
    expect(statesOf(shard, 'k')).toBe('MII');
    shard.read('k', 'b');
    expect(statesOf(shard, 'k')).toBe('SSI');
    shard.flush();
    expect(statesOf(shard, 'k')).toBe('SSI');
    shard.put('k', '2', { node: 'b' });
    expect(statesOf(shard, 'k')).toBe('IMI');
    shard.flush();
    expect(statesOf(shard, 'k')).toBe('IEI');
    shard.delete('k');
    expect(statesOf(shard, 'k')).toBe('III');
  });

  it('calls a write by a sharer an upgrade, and any other a read for ownership', () => {
    const shard = new TestShard();
    shard.put('k', '1', { node: 'a' });
    shard.read('k', 'b');
    shard.takeEvents();
    shard.put('k', '2', { node: 'b' });
    shard.put('k', '3', { node: 'c' });
    expect(shard.takeEvents()).toMatchObject([{ bus: 'BusUpgr' }, { bus: 'BusRdX' }]);
  });

  it('gives the only reader of a clean key the line alone', () => {
    const shard = new TestShard();
    shard.put('k', '1', { node: 'a' });
    shard.flush(false);
    shard.notice({ kind: 'node-gone', node: nodeId('a') });
    expect(shard.read('k', 'b')).toMatchObject({ kind: 'found', state: 'E', item: undefined });
  });

  it('counts on nobody who was given up or began anew, whichever key it is', () => {
    const shard = new TestShard();
    shard.put('k', '1', { node: 'a' });
    shard.read('k', 'b');
    shard.notice({ kind: 'node-started', node: nodeId('a'), incarnation: 2 });
    expect(statesOf(shard, 'k')).toBe('ISI');
    shard.read('k', 'a');
    expect(statesOf(shard, 'k')).toBe('SSI');
    shard.notice({ kind: 'node-gone', node: nodeId('b') });
    expect(statesOf(shard, 'k')).toBe('SII');
  });
});

describe('a version', () => {
  it('is the index of the write, also after the key was deleted and made again', () => {
    const shard = new TestShard();
    const first = shard.put('k', '1');
    expect(first).toEqual({ kind: 'written', version: shard.index, created: true });
    shard.delete('k');
    expect(shard.put('k', '2')).toEqual({
      kind: 'written',
      version: shard.index,
      created: true,
    });
    expect(shard.put('k', '3')).toMatchObject({ version: shard.index, created: false });
  });

  it('decides a conditional write at the moment of the write', () => {
    const shard = new TestShard();
    shard.put('k', '1');
    const version = shard.index;
    expect(shard.put('k', 'x', { condition: { kind: 'absent' } })).toEqual({
      kind: 'mismatch',
      version,
    });
    const onIt = { kind: 'version-in', versions: [version] } as const;
    expect(shard.put('k', '2', { condition: onIt })).toMatchObject({ kind: 'written' });
    expect(shard.put('k', '3', { condition: onIt })).toMatchObject({ kind: 'mismatch' });
    expect(shard.delete('k', onIt)).toMatchObject({ kind: 'mismatch' });
    expect(shard.delete('none', { kind: 'present' })).toEqual({ kind: 'mismatch', version: 0 });
    expect(shard.read('k')).toMatchObject({ version: version + 2 });
  });

  it('if_version on an expired key: it has none, though the entry that drops it has not come', () => {
    const shard = new TestShard();
    shard.put('k', '1', { ttlMs: 100 });
    const version = shard.index;
    shard.atMs += 100;
    const onIt = { kind: 'version-in', versions: [version] } as const;
    expect(shard.put('k', '2', { condition: onIt })).toEqual({ kind: 'mismatch', version: 0 });
    expect(shard.delete('k')).toEqual({ kind: 'absent' });
    expect(shard.read('k')).toEqual({ kind: 'absent' });
    expect(shard.put('k', '2', { condition: { kind: 'absent' } })).toMatchObject({
      kind: 'written',
      created: true,
    });
  });
});

describe('a time to live', () => {
  it('ends at its deadline, by the clock of the log', () => {
    const shard = new TestShard();
    shard.put('k', '1', { ttlMs: 100 });
    shard.pass(99);
    expect(shard.read('k')).toMatchObject({ kind: 'found' });
    shard.pass(1);
    expect(shard.read('k')).toEqual({ kind: 'absent' });
    expect(shard.takeEvents()).toContainEqual({ kind: 'dropped', key: 'k', why: 'expired' });
  });

  it('TTL expiry racing a write: a write that is first in the log keeps the key, with its own deadline', () => {
    const shard = new TestShard();
    shard.put('k', 'old', { ttlMs: 100 });
    shard.atMs = 100;
    // The clock's entry was on its way when this one overtook it.
    shard.put('k', 'new');
    shard.notice({ kind: 'clock' });
    expect(shard.read('k')).toMatchObject({ kind: 'found' });
    expect(shard.machine.nextDeadline()).toBeUndefined();
  });

  it('TTL expiry racing a write: a write that is second makes the key anew', () => {
    const shard = new TestShard();
    shard.put('k', 'old', { ttlMs: 100 });
    shard.pass(100);
    expect(shard.put('k', 'new')).toMatchObject({ created: true });
    shard.pass(1_000);
    expect(shard.read('k')).toMatchObject({ kind: 'found' });
  });

  it('does a bounded number of drops with one entry, and the rest with the next', () => {
    const shard = new TestShard();
    for (let i = 0; i < dueMax + 1; i++) shard.put(`k${i}`, 'x', { ttlMs: 100 });
    expect(shard.pass(100)).toBe(2);
    expect(shard.state.keyCount).toBe(0);
  });

  it('leaves a tombstone that is flushed as a deletion, and forgotten then', () => {
    const shard = new TestShard();
    shard.put('k', '1', { ttlMs: 100 });
    shard.flush();
    shard.pass(100);
    expect([...shard.state.dirty.keys()]).toEqual(['k']);
    shard.flush();
    expect(shard.state.keys.size).toBe(0);
    expect(shard.state.dirtyBytes).toBe(0);
  });
});

describe('memory', () => {
  it('is told which log it serves: named by its first entry, and so after a restore', () => {
    const shard = new TestShard();
    const { name } = shard.state;
    shard.notice({ kind: 'node-started', node: nodeId('z'), incarnation: 99 });
    shard.restart();
    expect([name, shard.state.name]).toEqual(['a-1', 'a-1']);
  });

  it('flush reordering put and delete: a flush cleans only the version that it names', () => {
    const shard = new TestShard();
    shard.put('k', '1');
    const old = { key: 'k', version: shard.index };
    shard.delete('k');
    shard.apply({ kind: 'flush', keys: [old], keepValues: true });
    expect([...shard.state.dirty.keys()]).toEqual(['k']);
    shard.put('k', '2');
    shard.apply({ kind: 'flush', keys: [old], keepValues: false });
    expect(shard.read('k')).toMatchObject({ item: { version: old.version + 3 } });
  });

  it('keeps the values where the state is the memory, and forgets them where it is not', () => {
    const shard = new TestShard();
    shard.put('k', 'value');
    shard.flush(true);
    const kept = shard.read('k');
    expect(kept.kind === 'found' && textOf(kept.item!.value.bytes)).toBe('value');
    expect(shard.state.hasFlushed).toBe(false);
    shard.put('k', 'other');
    shard.flush(false);
    expect(shard.read('k')).toMatchObject({ kind: 'found', item: undefined });
    expect(shard.state.valueBytes).toBe(0);
    expect(shard.state.hasFlushed).toBe(true);
  });

  it('drops only the version that the leader looked at', () => {
    const shard = new TestShard();
    shard.put('k', '1');
    const looked = { key: 'k', version: shard.index };
    shard.put('k', '2');
    shard.apply({ kind: 'drop', keys: [looked], why: 'evicted' });
    expect(shard.read('k')).toMatchObject({ kind: 'found' });
  });

  it('when it is lost, takes nobody for a sharer any more, and keeps what is dirty', () => {
    const shard = new TestShard();
    shard.put('clean', '1');
    shard.flush(false);
    shard.put('dirty', '2');
    shard.apply({ kind: 'memory-lost' });
    expect(statesOf(shard, 'clean')).toBe('III');
    expect(shard.state.hasFlushed).toBe(false);
    expect(shard.read('dirty', 'b')).toMatchObject({ state: 'M', item: { version: 6 } });
  });
});

describe('the bounds', () => {
  it('refuse what the dirty table has no room for, until memory has caught up', () => {
    const shard = new TestShard();
    const limits = { dirtyBytesMax: 100 };
    expect(shard.put('k', 'x'.repeat(80), { limits })).toMatchObject({ kind: 'written' });
    expect(shard.put('j', 'x'.repeat(80), { limits })).toMatchObject({ kind: 'full' });
    // Over its own old value there is room.
    expect(shard.put('k', 'y'.repeat(85), { limits })).toMatchObject({ kind: 'written' });
    shard.flush();
    expect(shard.put('j', 'x'.repeat(80), { limits })).toMatchObject({ kind: 'written' });
  });

  it('count the values of the whole state, and its keys', () => {
    const shard = new TestShard();
    shard.put('k', 'x'.repeat(80));
    shard.flush();
    expect(shard.put('j', 'x'.repeat(80), { limits: { valueBytesMax: 150 } })).toMatchObject({
      kind: 'full',
    });
    expect(shard.put('j', 'x', { limits: { keysMax: 1 } })).toMatchObject({ kind: 'full' });
    expect(shard.put('k', 'z', { limits: { keysMax: 1 } })).toMatchObject({ kind: 'written' });
  });

  it('know which keys were used longest ago, also after a restore', () => {
    const shard = new TestShard();
    for (const key of ['a', 'b', 'c']) shard.put(key, 'x');
    shard.read('a');
    const order = () => [...shard.state.useOrder].map(({ key }) => key);
    expect(order()).toEqual(['b', 'c', 'a']);
    shard.restart();
    expect(order()).toEqual(['b', 'c', 'a']);
  });
});
