import { invariant, InvariantViolation } from './invariant.ts';
import { append, entries, heartbeat, matched, SoloNode } from './testing/solo-node.ts';

describe('AppendEntries on a follower (§5.3)', () => {
  it('acknowledges with the write that makes the entries durable, not before', () => {
    const node = new SoloNode({ log: [1] });
    const message = append({ term: 1, prev: [1, 1], terms: [1, 1] });
    const effects = node.receive('b', message);
    expect(effects.send).toEqual([]);
    expect(effects.write?.entries).toEqual(entries(2, [1, 1]));
    expect(effects.write?.thenSend).toEqual([{ to: 'b', message: matched({ term: 1, match: 3 }) }]);
  });

  it("writes the leader's own array, so that its bytes are not encoded again", () => {
    const node = new SoloNode({ log: [1] });
    const message = append({ term: 1, prev: [1, 1], terms: [1, 1] });
    expect(node.receive('b', message).write?.entries).toBe(message.entries);
  });

  it('refuses what does not follow on its log, and says where to look (fast back-off by term)', () => {
    const node = new SoloNode({ term: 5, log: [1, 1, 2, 2, 3] });
    expect(node.answersTo('b', append({ term: 5, prev: [9, 4] }))).toMatchObject([
      { result: { kind: 'conflict', prevIndex: 9, hintIndex: 5, hintTerm: 3 } },
    ]);
    expect(node.answersTo('b', append({ term: 5, prev: [5, 2] }))).toMatchObject([
      { result: { kind: 'conflict', prevIndex: 5, hintIndex: 4, hintTerm: 2 } },
    ]);
    expect(node.answersTo('b', append({ term: 5, prev: [4, 1] }))).toMatchObject([
      { result: { kind: 'conflict', prevIndex: 4, hintIndex: 2, hintTerm: 1 } },
    ]);
  });

  it('compares the term before the entries, not only the index', () => {
    const node = new SoloNode({ term: 3, log: [1, 2] });
    const effects = node.receive('b', append({ term: 3, prev: [2, 1], terms: [3] }));
    expect(effects.write).toBeUndefined();
    expect(node.core.lastIndex).toBe(2);
  });

  it('cuts off only from the first entry that contradicts its own', () => {
    const node = new SoloNode({ term: 3, log: [1, 1, 2, 2] });
    const message = append({ term: 3, prev: [1, 1], terms: [1, 3] });
    const effects = node.receive('b', message);
    expect(effects.write?.entries).toEqual(entries(3, [3]));
    expect(node.core.lastIndex).toBe(3);
  });

  it('keeps what follows when a shorter append comes late, and vouches for no more than it', () => {
    const node = new SoloNode({ log: [1, 1, 1, 1] });
    expect(node.answersTo('b', append({ term: 1, prev: [1, 1], terms: [1] }))).toEqual([
      matched({ term: 1, match: 2 }),
    ]);
    expect(node.core.lastIndex).toBe(4);
  });

  it('commits no more than the message vouches for', () => {
    const node = new SoloNode({ term: 3, log: [1, 1, 2, 2] });
    node.receive('b', append({ term: 3, prev: [1, 1], terms: [1], commit: 4 }));
    expect(node.core.commit).toBe(2);
  });

  it('hands over what is committed once its own disk has it', () => {
    const node = new SoloNode({ log: [1] });
    const message = append({ term: 1, prev: [1, 1], terms: [1], commit: 2 });
    expect(node.receive('b', message).committed).toEqual(entries(1, [1]));
    expect(node.core.commit).toBe(2);
    expect(node.persist().effects.committed).toEqual(entries(2, [1]));
  });

  it('answers all the appends of a batch with one answer', () => {
    const node = new SoloNode({ log: [1] });
    for (const prev of [1, 2, 3]) {
      const message = append({ term: 1, prev: [prev, 1], terms: [1], round: prev });
      node.core.step({ kind: 'message', nowMs: node.nowMs, from: 'b' as never, message });
    }
    const { write } = node.take();
    expect(write?.entries).toEqual(entries(2, [1, 1, 1]));
    expect(write?.thenSend).toEqual([
      { to: 'b', message: matched({ term: 1, match: 4, round: 3 }) },
    ]);
  });

  it('never merges answers of two terms', () => {
    const node = new SoloNode({ log: [1] });
    const old = append({ term: 1, prev: [1, 1], terms: [1, 1, 1], round: 40 });
    node.core.step({ kind: 'message', nowMs: node.nowMs, from: 'b' as never, message: old });
    const { write } = node.receive('c', append({ term: 2, prev: [1, 1], terms: [2] }));
    expect(write?.thenSend).toEqual([{ to: 'c', message: matched({ term: 2, match: 2 }) }]);
  });

  it('does not acknowledge again at once what is still on its way to the disk', () => {
    const node = new SoloNode({ log: [1] });
    const message = append({ term: 1, prev: [1, 1], terms: [1] });
    node.receive('b', message);
    expect(node.receive('b', message).send).toEqual([]);
    node.persist();
    expect(node.persist().thenSend).toEqual([matched({ term: 1, match: 2 })]);
  });

  it('stops rather than lose a committed entry', () => {
    const node = new SoloNode({ log: [1, 1] });
    node.receive('b', append({ term: 1, prev: [2, 1], commit: 2 }));
    const lie = append({ term: 2, prev: [1, 1], terms: [2] });
    expect(() => node.receive('c', lie)).toThrow(InvariantViolation);
  });

  it('stops when a term has two leaders', () => {
    const node = new SoloNode().lead();
    expect(() => node.receive('c', heartbeat({ term: 1 }))).toThrow('a term has one leader');
  });

  it('stops when the clock of the log would run backwards', () => {
    const node = new SoloNode();
    node.receive('b', append({ term: 1, prev: [0, 0], terms: [1], atMs: 500 }));
    const earlier = append({ term: 1, prev: [1, 1], terms: [1], atMs: 400 });
    expect(() => node.receive('b', earlier)).toThrow('stamps never decrease');
    expect(() => invariant(false, 'said so')).toThrow('said so');
  });
});

describe('heartbeats on a follower', () => {
  it('are answered with what is durable, at once', () => {
    const node = new SoloNode({ log: [1] });
    node.receive('b', append({ term: 1, prev: [1, 1], terms: [1] }));
    expect(node.answersTo('b', heartbeat({ term: 1, round: 2 }))).toEqual([
      { kind: 'heartbeat-answer', term: 1, round: 2, stamp: undefined, lastIndex: 1 },
    ]);
  });

  it('are not answered again within a round: that is how a commit index is passed on', () => {
    const node = new SoloNode({ log: [1, 1] });
    node.receive('b', heartbeat({ term: 1, round: 2 }));
    expect(node.answersTo('b', heartbeat({ term: 1, round: 2, commit: 2 }))).toEqual([]);
    expect(node.core.commit).toBe(2);
  });
});

describe('a hung disk', () => {
  it('gathers no more answers to heartbeats than fit into an election timeout', () => {
    const node = new SoloNode({ log: [1] });
    for (let round = 1; round <= 100; round++) {
      node.nowMs += 10;
      node.receive('b', heartbeat({ term: 2, round }));
    }
    expect(node.writes.length).toBeLessThan(25);
  });
});

describe('asynchronous writes', () => {
  it('let a late completion prove nothing about entries that took the place of others (ABA)', () => {
    const node = new SoloNode({ log: [1] });
    node.receive('b', append({ term: 1, prev: [1, 1], terms: [1, 1] }));
    const second = append({ term: 2, prev: [1, 1], terms: [2, 2], commit: 3 });
    node.receive('c', second);
    // The first write is complete: only entry 1 of the present log is known to be durable.
    expect(node.persist().effects.committed).toEqual([]);
    expect(node.answersTo('c', heartbeat({ term: 2 }))).toEqual([]);
    expect(node.persist().effects.committed).toEqual(second.entries);
  });

  it('take one completion for all the writes before it', () => {
    const node = new SoloNode({ log: [1] });
    node.receive('b', append({ term: 1, prev: [1, 1], terms: [1] }));
    node.receive('b', append({ term: 1, prev: [2, 1], terms: [1], commit: 3 }));
    const [, second] = node.writes;
    const { committed } = node.step({ kind: 'persisted', writeId: second!.id });
    expect(committed).toEqual(entries(2, [1, 1]));
    const again = node.step({ kind: 'persisted', writeId: node.writes[0]!.id });
    expect(again.committed).toEqual([]);
  });
});
