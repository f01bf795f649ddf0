import type { SnapshotMeta } from './entry.ts';
import { logIndex, nodeId } from './ids.ts';
import type { SnapshotAnswer } from './message.ts';
import {
  append,
  conflict,
  entries,
  heartbeatAnswer,
  matched,
  membership,
  sentTo,
  snapshotChunk,
  snapshotMeta,
  SoloNode,
} from './testing/solo-node.ts';

const wants = (index: number, nextOffset: number): SnapshotAnswer => ({
  kind: 'snapshot-answer',
  term: 3 as never,
  round: 1,
  index: logIndex(index),
  nextOffset,
  installed: false,
});

const has = (index: number): SnapshotAnswer => ({ ...wants(index, 0), installed: true });

/** Takes a snapshot of two pieces through the store of a follower in term 3. */
function receiveAll(node: SoloNode, meta: SnapshotMeta, from = 'b') {
  node.receive(from, snapshotChunk({ term: 3, meta, offset: 0, bytes: [1, 2] }));
  node.step({
    kind: 'chunk-stored',
    index: meta.index,
    nextOffset: 2,
    complete: false,
    failed: false,
  });
  node.receive(from, snapshotChunk({ term: 3, meta, offset: 2, bytes: [3], last: true }));
  return node.step({
    kind: 'chunk-stored',
    index: meta.index,
    nextOffset: 3,
    complete: true,
    failed: false,
  });
}

describe('receiving a snapshot (§7)', () => {
  it('stages piece after piece, and says how far it has come', () => {
    const node = new SoloNode({ term: 3 });
    const meta = snapshotMeta(9, 2);
    const chunk = snapshotChunk({ term: 3, meta, offset: 0, bytes: [1, 2] });
    const effects = node.receive('b', chunk);
    expect(effects.storeChunk).toEqual([{ meta, offset: 0, bytes: chunk.bytes, last: false }]);
    expect(effects.send).toEqual([]);
    const stored = node.step({
      kind: 'chunk-stored',
      index: meta.index,
      nextOffset: 2,
      complete: false,
      failed: false,
    });
    expect(stored.send).toEqual([{ to: 'b', message: wants(9, 2) }]);
  });

  it('drops a log that contradicts it, in one write that the answer waits for', () => {
    const node = new SoloNode({ term: 3, log: [1, 1, 1, 1] });
    const meta = snapshotMeta(3, 2);
    const { write, restore, send } = receiveAll(node, meta);
    expect(write).toMatchObject({ install: meta, keepSuffix: false, entries: [] });
    expect(write?.thenSend).toEqual([{ to: 'b', message: has(3) }]);
    expect(send).toEqual([]);
    expect(restore).toBe(meta);
    expect([node.core.lastIndex, node.core.commit]).toEqual([3, 3]);
  });

  it('needs no snapshot whose last entry stands in its log: everything before it does as well', () => {
    const node = new SoloNode({ term: 3, log: [1, 1, 2, 2, 2] });
    const chunk = snapshotChunk({ term: 3, meta: snapshotMeta(3, 2), offset: 0, bytes: [1] });
    const { send, storeChunk, write, committed } = node.receive('b', chunk);
    expect(send).toEqual([{ to: 'b', message: has(3) }]);
    expect([storeChunk, write]).toEqual([[], undefined]);
    expect(committed).toEqual(entries(1, [1, 1, 2]));
    expect(node.core.lastIndex).toBe(5);
  });

  it('keeps the suffix when the log has caught up with it while it came', () => {
    const node = new SoloNode({ term: 3 });
    const meta = snapshotMeta(2, 3);
    node.receive('b', snapshotChunk({ term: 3, meta, offset: 0, bytes: [1], last: true }));
    node.receive('b', append({ term: 3, prev: [0, 0], terms: [3, 3, 3] }));
    node.persistAll();
    const { write, restore } = node.step({
      kind: 'chunk-stored',
      index: meta.index,
      nextOffset: 1,
      complete: true,
      failed: false,
    });
    expect(write).toMatchObject({ install: meta, keepSuffix: true });
    expect(restore).toBe(meta);
    expect(node.core.lastIndex).toBe(3);
    node.receive('b', append({ term: 3, prev: [3, 3], commit: 3 }));
    expect(node.core.commit).toBe(3);
  });

  it('never goes back to a snapshot older than what is committed', () => {
    const node = new SoloNode({ log: [1, 1, 1, 1] });
    node.receive('b', append({ term: 3, prev: [4, 1], commit: 4 }));
    node.persistAll();
    const meta = snapshotMeta(2, 1);
    const { send, storeChunk } = node.receive(
      'b',
      snapshotChunk({ term: 3, meta, offset: 0, bytes: [1] }),
    );
    expect(storeChunk).toEqual([]);
    expect(send).toEqual([{ to: 'b', message: has(2) }]);
    expect([node.core.lastIndex, node.core.commit]).toEqual([4, 4]);
  });

  it('is not restored when the log has passed it by the time it is complete', () => {
    const node = new SoloNode({ term: 3 });
    const meta = snapshotMeta(2, 3);
    node.receive('b', snapshotChunk({ term: 3, meta, offset: 0, bytes: [1], last: true }));
    node.receive('b', append({ term: 3, prev: [0, 0], terms: [3, 3, 3], commit: 3 }));
    node.persistAll();
    const { restore, write, send } = node.step({
      kind: 'chunk-stored',
      index: meta.index,
      nextOffset: 1,
      complete: true,
      failed: false,
    });
    expect([restore, write]).toEqual([undefined, undefined]);
    expect(send).toEqual([{ to: 'b', message: has(2) }]);
  });

  it('takes over the membership of the snapshot', () => {
    const node = new SoloNode({ term: 3 });
    receiveAll(node, snapshotMeta(9, 2, ['a', 'b', 'd']));
    expect(node.core.membership).toEqual(membership(['a', 'b', 'd']));
  });

  it('still compares terms at the boundary afterwards', () => {
    const node = new SoloNode({ term: 3 });
    receiveAll(node, snapshotMeta(9, 2));
    node.persistAll();
    expect(node.answersTo('b', append({ term: 3, prev: [9, 2] }))).toEqual([
      matched({ term: 3, match: 9 }),
    ]);
    expect(() => node.receive('b', append({ term: 3, prev: [9, 1] }))).toThrow(
      'a leader has every committed entry',
    );
  });

  it('refuses a damaged piece, a gap and a repetition, and says where to go on', () => {
    const node = new SoloNode({ term: 3 });
    const meta = snapshotMeta(9, 2);
    const good = snapshotChunk({ term: 3, meta, offset: 0, bytes: [1, 2] });
    expect(node.answersTo('b', { ...good, checksum: good.checksum ^ 1 })).toEqual([wants(9, 0)]);
    const gap = snapshotChunk({ term: 3, meta, offset: 2, bytes: [3] });
    expect(node.answersTo('b', gap)).toEqual([wants(9, 0)]);
    node.receive('b', good);
    node.step({
      kind: 'chunk-stored',
      index: meta.index,
      nextOffset: 2,
      complete: false,
      failed: false,
    });
    expect(node.answersTo('b', good)).toEqual([wants(9, 2)]);
  });

  it('never mixes pieces of two snapshots', () => {
    const node = new SoloNode({ term: 3 });
    const [old, newer] = [snapshotMeta(9, 2), snapshotMeta(12, 2)];
    const stored = {
      kind: 'chunk-stored',
      index: old.index,
      nextOffset: 2,
      complete: false,
      failed: false,
    } as const;
    node.receive('b', snapshotChunk({ term: 3, meta: old, offset: 0, bytes: [1, 2] }));
    node.step(stored);
    // The next piece of a newer snapshot does not continue the older one.
    const middle = snapshotChunk({ term: 3, meta: newer, offset: 2, bytes: [9] });
    expect(node.receive('b', middle).storeChunk).toEqual([]);
    const start = snapshotChunk({ term: 3, meta: newer, offset: 0, bytes: [8, 9] });
    expect(node.receive('b', start).storeChunk).toMatchObject([{ meta: newer, offset: 0 }]);
    // A late piece of the older one does not throw the newer away.
    const late = snapshotChunk({ term: 3, meta: old, offset: 0, bytes: [1, 2] });
    expect(node.receive('b', late).storeChunk).toEqual([]);
    expect(node.step(stored).send).toEqual([]);
  });

  it('reports a store that could not keep it, and begins anew', () => {
    const node = new SoloNode({ term: 3 });
    const meta = snapshotMeta(9, 2);
    node.receive('b', snapshotChunk({ term: 3, meta, offset: 0, bytes: [1, 2] }));
    const { send } = node.step({
      kind: 'chunk-stored',
      index: meta.index,
      nextOffset: 0,
      complete: false,
      failed: true,
    });
    expect(send).toEqual([{ to: 'b', message: wants(9, 0) }]);
    const again = snapshotChunk({ term: 3, meta, offset: 0, bytes: [1, 2] });
    expect(node.receive('b', again).storeChunk).toHaveLength(1);
  });
});

describe('sending a snapshot', () => {
  /** Leads term 3 with a snapshot up to entry 5; c needs an entry before that. */
  function sender(): SoloNode {
    const node = new SoloNode({ snapshot: snapshotMeta(5, 2), log: [2] }).lead();
    const effects = node.receive('c', conflict({ term: 3, prev: 6, hint: [1, 1] }));
    expect(effects.readChunk).toEqual([{ to: 'c', index: 5, offset: 0 }]);
    return node;
  }

  const read = (node: SoloNode, offset: number, last = false) =>
    node.step({
      kind: 'chunk-read',
      to: nodeId('c'),
      index: logIndex(5),
      offset,
      bytes: new Uint8Array([offset, 0]),
      last,
    });

  it('reads ahead of the answers, up to four pieces', () => {
    const node = sender();
    const asked = [0, 2, 4, 6].map((offset) => read(node, offset).readChunk.length);
    expect(asked).toEqual([1, 1, 1, 0]);
    expect(node.receive('c', wants(5, 2)).readChunk).toEqual([{ to: 'c', index: 5, offset: 8 }]);
  });

  it('goes on with the log once the peer has it', () => {
    const node = sender();
    read(node, 0, true);
    const { send } = node.receive('c', has(5));
    expect(sentTo('c', send)).toMatchObject([{ kind: 'append', prevIndex: 5, prevTerm: 2 }]);
    expect(node.core.progress(node.nowMs)[1]).toMatchObject({ match: 5, state: 'replicate' });
  });

  it('begins anew when the peer lost what it had staged, after a while', () => {
    const node = sender();
    read(node, 0);
    node.receive('c', wants(5, 2));
    read(node, 2);
    expect(node.receive('c', wants(5, 0)).readChunk).toEqual([]);
    read(node, 4);
    node.pass(60);
    node.receive('c', heartbeatAnswer({ term: 3, round: 1 }));
    const asked: unknown[] = [];
    for (let i = 0; i < 6; i++) {
      node.nowMs += 10;
      asked.push(...node.step({ kind: 'tick' }).readChunk);
    }
    expect(asked).toEqual([{ to: 'c', index: 5, offset: 0 }]);
  });

  it('takes up the newest snapshot when the one it was sending is gone', () => {
    const node = sender();
    node.propose('x');
    node.persistAll();
    node.receive('b', matched({ term: 3, match: 8 }));
    node.step({ kind: 'applied', index: logIndex(8) });
    node.step({ kind: 'snapshot-taken', meta: node.core.snapshotMetaAt(logIndex(8)) });
    const { readChunk } = node.step({
      kind: 'chunk-read',
      to: nodeId('c'),
      index: logIndex(5),
      offset: 0,
      bytes: undefined,
      last: false,
    });
    expect(readChunk).toEqual([{ to: 'c', index: 8, offset: 0 }]);
  });
});

describe('compaction', () => {
  function filled(): SoloNode {
    const node = new SoloNode().lead();
    for (let i = 0; i < 20; i++) {
      node.propose(`${i}`);
      node.persistAll();
      node.receive('b', matched({ term: 1, match: i + 2 }));
    }
    node.step({ kind: 'applied', index: node.core.commit });
    return node;
  }

  it('waits for a snapshot that is durable, and leaves a tail for those who are a little late', () => {
    const node = filled();
    const { compact } = node.step({
      kind: 'snapshot-taken',
      meta: node.core.snapshotMetaAt(logIndex(20)),
    });
    // 300 bytes may stay, at 33 or 34 an entry.
    expect(compact).toBe(12);
    expect(node.core.entryAt(logIndex(12))).toBeUndefined();
    expect(node.core.entryAt(logIndex(13))).toBeDefined();
  });

  it('keeps more for a peer that is being sent a snapshot and will need what follows', () => {
    const node = filled();
    node.step({ kind: 'snapshot-taken', meta: node.core.snapshotMetaAt(logIndex(10)) });
    node.pass(20);
    node.receive('c', conflict({ term: 1, prev: 0, hint: [0, 0] }));
    node.receive('c', heartbeatAnswer({ term: 1, round: 2, lastIndex: 0 }));
    expect(node.core.progress(node.nowMs)[1]).toMatchObject({ state: 'snapshot' });
    const { compact } = node.step({
      kind: 'snapshot-taken',
      meta: node.core.snapshotMetaAt(logIndex(21)),
    });
    expect(compact).toBe(10);
  });

  it('carries the membership in force, also when no entry of the log tells it', () => {
    const node = filled();
    const meta = node.core.snapshotMetaAt(logIndex(20));
    expect(meta).toMatchObject({ index: 20, term: 1, membership: membership(['a', 'b', 'c']) });
  });
});

describe('a restart', () => {
  it('takes up the log behind a snapshot, with what is left of the log before it', () => {
    const node = new SoloNode({ snapshot: snapshotMeta(5, 2), log: [2, 3] });
    expect([node.core.commit, node.core.lastIndex]).toEqual([5, 7]);
    const message = append({ term: 3, prev: [7, 3], commit: 7 });
    expect(node.receive('b', message).committed).toEqual(entries(6, [2, 3]));
  });

  it('drops what a crash between the snapshot and its compaction left before it', () => {
    const log = { snapshot: snapshotMeta(5, 2), firstIndex: 1, log: [1, 1, 2, 2, 2, 3] };
    const node = new SoloNode({ ...log, limits: { trailingBytesMax: 80 } });
    expect(node.take().compact).toBe(3);
    expect(node.core.entryAt(logIndex(3))).toBeUndefined();
    expect(node.core.entryAt(logIndex(4))?.term).toBe(2);
  });
});
