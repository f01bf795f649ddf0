import { indexZero, nodeId } from './ids.ts';
import {
  append,
  conflict,
  heartbeatAnswer,
  matched,
  sentTo,
  SoloNode,
} from './testing/solo-node.ts';

/** Leads term 1; its no-op is entry 1, which b has; nothing is known of c. */
const leader = (): SoloNode => new SoloNode().lead();

describe('a leader that gathers', () => {
  const gathering = (): SoloNode => new SoloNode({ limits: { gatherMs: 2 } }).lead();
  const appendsTo = (peer: string, node: SoloNode, ...texts: readonly string[]): number =>
    sentTo(peer, node.propose(...texts).send).length;

  it('sends at once while nothing is unanswered, and then what came meanwhile as one', () => {
    const node = gathering();
    expect([1, 2, 3].map((i) => appendsTo('b', node, `${i}`))).toEqual([1, 0, 0]);
    const { send } = node.receive('b', matched({ term: 1, match: 2 }));
    const [first, ...rest] = sentTo('b', send);
    expect(first?.kind === 'append' && first.entries.map(({ index }) => index)).toEqual([3, 4]);
    expect(rest).toEqual([]);
  });

  it('does not wait longer for an answer than it gathers: a peer far away is sent ahead', () => {
    const node = gathering();
    expect(appendsTo('b', node, 'x')).toBe(1);
    node.nowMs += 1;
    expect(appendsTo('b', node, 'y')).toBe(0);
    node.nowMs += 1;
    expect(appendsTo('b', node, 'z')).toBe(1);
  });

  it('does not let what it holds back wait for another proposal', () => {
    const node = gathering();
    node.propose('x');
    node.propose('y');
    expect(sentTo('b', node.pass(10))).toContainEqual(
      expect.objectContaining({ kind: 'append', prevIndex: 2 }),
    );
  });

  it('lets a batch go that is large enough', () => {
    const node = new SoloNode({ limits: { gatherMs: 2, appendBytesMax: 1 << 20 } }).lead();
    node.propose('x');
    expect(appendsTo('b', node, ...Array.from({ length: 128 }, () => 'y'))).toBe(0);
    expect(appendsTo('b', node, 'z')).toBe(1);
  });
});

describe('a leader sends', () => {
  it('its own write and the appends side by side, all of them the same array (§10.2.1)', () => {
    const node = leader();
    node.receive('c', matched({ term: 1, match: 1 }));
    const { write, send } = node.propose('x', 'y');
    const arrays = send.map(({ message }) => message.kind === 'append' && message.entries);
    expect(send.map(({ to }) => to)).toEqual(['b', 'c']);
    expect(arrays).toEqual([write?.entries, write?.entries]);
    expect(arrays.every((array) => array === write?.entries)).toBe(true);
  });

  it('one append to a peer for all the proposals of a batch', () => {
    const node = leader();
    for (const text of ['x', 'y', 'z']) {
      node.core.propose([{ kind: 'command', payload: new TextEncoder().encode(text) }], node.nowMs);
    }
    const { write, send } = node.take();
    expect(write?.entries.map(({ index }) => index)).toEqual([2, 3, 4]);
    expect(sentTo('b', send)).toHaveLength(1);
  });

  it('no more messages ahead of their answers than the window holds, and goes on with an answer', () => {
    const node = leader();
    const sent = [1, 2, 3, 4, 5, 6].map((i) => sentTo('b', node.propose(`${i}`).send).length);
    expect(sent).toEqual([1, 1, 1, 1, 0, 0]);
    const { send } = node.receive('b', matched({ term: 1, match: 3 }));
    expect(sentTo('b', send)).toMatchObject([{ kind: 'append', prevIndex: 5 }]);
  });

  it('no more bytes ahead of their answers than the window holds', () => {
    const node = leader();
    const large = 'x'.repeat(1_200);
    const sent = [1, 2, 3].map(() => sentTo('b', node.propose(large).send).length);
    expect(sent).toEqual([1, 1, 0]);
  });

  it('a far behind peer as much at a time as one append may hold', () => {
    const node = new SoloNode({ log: Array.from({ length: 30 }, () => 1) }).lead();
    const { send } = node.receive('c', conflict({ term: 2, prev: 30, hint: [0, 0] }));
    const [first] = sentTo('c', send);
    // 33 bytes an entry in the accounts, 400 an append.
    expect(first?.kind === 'append' && first.entries.map(({ index }) => index)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
    ]);
  });
});

describe('a leader learns', () => {
  it('nothing from an answer of an earlier term', () => {
    const node = new SoloNode({ log: [1] }).lead();
    node.propose('x');
    node.receive('c', matched({ term: 1, match: 3 }));
    expect(node.core.progress(node.nowMs)[1]).toMatchObject({ id: 'c', match: 0 });
  });

  it('nothing from a late answer that knows less', () => {
    const node = leader();
    node.propose('x');
    node.receive('b', matched({ term: 1, match: 2 }));
    node.receive('b', matched({ term: 1, match: 1 }));
    node.receive('b', conflict({ term: 1, prev: 1, hint: [0, 0] }));
    expect(node.core.progress(node.nowMs)[0]).toMatchObject({ match: 2, state: 'replicate' });
  });

  it('nothing from answers of those who are not members', () => {
    const node = leader();
    node.propose('x');
    node.persistAll();
    node.receive('x', matched({ term: 1, match: 2 }));
    expect(node.core.commit).toBe(1);
  });

  it('where the logs part in one step for each term, from the hint (§5.3)', () => {
    const node = new SoloNode({ term: 7, log: [1, 1, 4, 4, 6, 6] }).lead();
    const { send } = node.receive('c', conflict({ term: 8, prev: 6, hint: [6, 3] }));
    expect(sentTo('c', send)).toMatchObject([{ kind: 'append', prevIndex: 2, prevTerm: 1 }]);
  });

  it('that something was lost from a conflict behind what it knows to match', () => {
    const node = leader();
    node.propose('x');
    node.propose('y');
    const { send } = node.receive('b', conflict({ term: 1, prev: 2, hint: [1, 1] }));
    const [again] = sentTo('b', send);
    expect(again).toMatchObject({ kind: 'append', prevIndex: 1 });
    expect(again?.kind === 'append' && again.entries).toHaveLength(2);
  });

  it('from a heartbeat answer that a probe was lost, but not before it could have been answered', () => {
    const node = leader();
    node.step({ kind: 'peer-reset', peer: nodeId('b'), refused: false });
    const early = node.receive('b', heartbeatAnswer({ term: 1, round: 1, lastIndex: 1 }));
    expect(sentTo('b', early.send)).toEqual([]);
    node.pass(20);
    const { send } = node.receive('b', heartbeatAnswer({ term: 1, round: 2, lastIndex: 1 }));
    expect(sentTo('b', send)).toMatchObject([{ kind: 'append', prevIndex: 1 }]);
  });
});

describe('commitment', () => {
  it('counts the own disk once, and only when it is done', () => {
    const node = leader();
    node.propose('x');
    expect(node.core.commit).toBe(1);
    node.persist();
    expect(node.core.commit).toBe(1);
    node.receive('b', matched({ term: 1, match: 2 }));
    expect(node.core.commit).toBe(2);
  });

  it('is reached without the own disk when the others are a majority; applying waits for it', () => {
    const node = leader();
    node.propose('x');
    node.receive('b', matched({ term: 1, match: 2 }));
    const { committed } = node.receive('c', matched({ term: 1, match: 2 }));
    expect(node.core.commit).toBe(2);
    expect(committed).toEqual([]);
    expect(node.persist().effects.committed).toMatchObject([{ index: 2 }]);
  });

  it('never comes to entries of earlier terms by counting (§5.4.2, figure 8)', () => {
    const node = new SoloNode({ voters: ['a', 'b', 'c', 'd', 'e'], term: 3, log: [1, 2] });
    node.pass(110);
    for (const id of ['b', 'c']) {
      node.receive(id, { kind: 'vote-answer', preVote: true, term: 4 as never, granted: true });
    }
    node.persistAll();
    for (const id of ['b', 'c']) {
      node.receive(id, { kind: 'vote-answer', preVote: false, term: 4 as never, granted: true });
    }
    node.persistAll();
    node.receive('b', matched({ term: 4, match: 2 }));
    node.receive('c', matched({ term: 4, match: 2 }));
    expect(node.core.commit).toBe(indexZero);
    node.receive('b', matched({ term: 4, match: 3 }));
    node.receive('c', matched({ term: 4, match: 3 }));
    expect(node.core.commit).toBe(3);
  });

  it('needs three of four voters', () => {
    const node = new SoloNode({ voters: ['a', 'b', 'c', 'd'] });
    node.pass(110);
    for (const preVote of [true, false]) {
      for (const id of ['b', 'c']) {
        node.receive(id, { kind: 'vote-answer', preVote, term: 1 as never, granted: true });
      }
      node.persistAll();
    }
    node.receive('b', matched({ term: 1, match: 1 }));
    expect(node.core.commit).toBe(0);
    node.receive('c', matched({ term: 1, match: 1 }));
    expect(node.core.commit).toBe(1);
  });
});

describe('proposals', () => {
  const one = [{ kind: 'command' as const, payload: new Uint8Array(4_000) }];

  it('are refused by a follower, who says whom to ask', () => {
    const node = new SoloNode({ log: [1] });
    node.receive('b', append({ term: 1, prev: [1, 1] }));
    expect(node.core.propose(one, node.nowMs)).toEqual({ kind: 'not-leader', leader: 'b' });
  });

  it('are bounded while they are not committed, and taken again when they are', () => {
    const node = leader();
    const kinds = [1, 2, 3].map(() => node.core.propose(one, node.nowMs).kind);
    expect(kinds).toEqual(['appended', 'appended', 'overloaded']);
    node.take();
    node.persistAll();
    node.receive('b', matched({ term: 1, match: 3 }));
    expect(node.core.propose(one, node.nowMs).kind).toBe('appended');
  });

  it('are stamped with a clock that a step of time moves and that never goes back', () => {
    const node = leader();
    const stamps: number[] = [];
    for (const stepMs of [0, 7, 0, 250]) {
      node.nowMs += stepMs;
      node.propose('x');
      stamps.push(node.core.entryAt(node.core.lastIndex)!.atMs);
    }
    const [first] = stamps;
    expect(stamps.map((atMs) => atMs - first!)).toEqual([0, 7, 7, 257]);
  });

  it('are refused while the disk is full', () => {
    const node = new SoloNode({ voters: ['a'] });
    node.pass(110);
    node.persistAll();
    node.step({ kind: 'storage-full', full: true });
    expect(node.core.propose(one, node.nowMs).kind).toBe('storage-full');
    node.step({ kind: 'storage-full', full: false });
    expect(node.core.propose(one, node.nowMs).kind).toBe('appended');
  });
});
