import { logIndex, term } from './ids.ts';
import { append, heartbeat, heartbeatAnswer, matched, SoloNode } from './testing/solo-node.ts';

describe('ReadIndex on the leader (§6.4)', () => {
  it('confirms a read by a round that began after it came', () => {
    const node = new SoloNode().lead();
    const { send, reads } = node.step({ kind: 'read', id: 7 });
    expect(reads).toEqual([]);
    expect(send).toMatchObject([
      { to: 'b', message: { kind: 'heartbeat', round: 2 } },
      { to: 'c', message: { kind: 'heartbeat', round: 2 } },
    ]);
    const confirmed = node.receive('c', heartbeatAnswer({ term: 1, round: 2 }));
    expect(confirmed.reads).toEqual([{ id: 7, index: 1 }]);
  });

  it('is not confirmed by an answer to an earlier round, however late it comes', () => {
    const node = new SoloNode().lead();
    node.step({ kind: 'read', id: 7 });
    expect(node.receive('b', heartbeatAnswer({ term: 1, round: 1 })).reads).toEqual([]);
    expect(node.receive('c', matched({ term: 1, match: 1, round: 1 })).reads).toEqual([]);
  });

  it('is not confirmed by an answer to the round of an earlier read', () => {
    const node = new SoloNode().lead();
    node.step({ kind: 'read', id: 7 });
    node.step({ kind: 'read', id: 8 });
    const first = node.receive('b', heartbeatAnswer({ term: 1, round: 2 }));
    expect(first.reads).toEqual([{ id: 7, index: 1 }]);
    const second = node.receive('b', heartbeatAnswer({ term: 1, round: 3 }));
    expect(second.reads).toEqual([{ id: 8, index: 1 }]);
  });

  it('is confirmed by the answer to an append of that round as well', () => {
    const node = new SoloNode().lead();
    node.step({ kind: 'read', id: 7 });
    const { reads } = node.receive('b', matched({ term: 1, match: 1, round: 2 }));
    expect(reads).toEqual([{ id: 7, index: 1 }]);
  });

  it('confirms all the reads of a batch by one round, and one peer twice is no majority', () => {
    const node = new SoloNode({ voters: ['a', 'b', 'c', 'd', 'e'] });
    node.pass(110);
    for (const preVote of [true, false]) {
      for (const id of ['b', 'c']) {
        node.receive(id, { kind: 'vote-answer', preVote, term: term(1), granted: true });
      }
      node.persistAll();
    }
    for (const id of ['b', 'c']) node.receive(id, matched({ term: 1, match: 1 }));
    for (const id of [1, 2, 3]) node.core.step({ kind: 'read', nowMs: node.nowMs, id });
    expect(node.take().send).toHaveLength(4);
    node.receive('b', heartbeatAnswer({ term: 1, round: 2 }));
    expect(node.receive('b', heartbeatAnswer({ term: 1, round: 2 })).reads).toEqual([]);
    expect(node.receive('c', heartbeatAnswer({ term: 1, round: 2 })).reads).toHaveLength(3);
  });

  it('does not count the answers of learners', () => {
    const node = new SoloNode({ learners: ['l'] }).lead();
    node.step({ kind: 'read', id: 7 });
    expect(node.receive('l', heartbeatAnswer({ term: 1, round: 2 })).reads).toEqual([]);
  });

  it('waits for the first entry of its own term to be committed (§8)', () => {
    const node = new SoloNode({ log: [1] });
    node.pass(110);
    for (const preVote of [true, false]) {
      node.receive('b', { kind: 'vote-answer', preVote, term: term(2), granted: true });
      node.persistAll();
    }
    expect(node.step({ kind: 'read', id: 7 }).send).toEqual([]);
    expect(node.receive('b', heartbeatAnswer({ term: 2, round: 1 })).reads).toEqual([]);
    const { send } = node.receive('b', matched({ term: 2, match: 2 }));
    expect(send).toMatchObject([{ message: { round: 2 } }, { message: { round: 2 } }]);
    const { reads } = node.receive('b', heartbeatAnswer({ term: 2, round: 2 }));
    expect(reads).toEqual([{ id: 7, index: 2 }]);
  });

  it('fails what it has not confirmed when it is deposed', () => {
    const node = new SoloNode().lead();
    node.step({ kind: 'read', id: 7 });
    node.receive('b', {
      kind: 'read-request',
      term: term(1),
      id: 3,
      incarnation: 9,
    });
    const { reads, send } = node.receive('c', heartbeat({ term: 2 }));
    expect(reads).toEqual([{ id: 7, index: undefined }]);
    expect(send).toMatchObject([
      { to: 'b', message: { kind: 'read-answer', id: 3, incarnation: 9, index: undefined } },
    ]);
  });
});

describe('reads on a follower', () => {
  const following = (): SoloNode => {
    const node = new SoloNode({ log: [1, 1] });
    node.receive('b', append({ term: 1, prev: [2, 1], commit: 2 }));
    return node;
  };
  const answer = (id: number, index: number | undefined, incarnation = 1) =>
    ({
      kind: 'read-answer',
      term: term(1),
      id,
      incarnation,
      index: index === undefined ? undefined : logIndex(index),
    }) as const;

  it('ask the leader once for all that came together', () => {
    const node = following();
    for (const id of [5, 6]) node.core.step({ kind: 'read', nowMs: node.nowMs, id });
    expect(node.take().send).toEqual([
      { to: 'b', message: { kind: 'read-request', term: 1, id: 1, incarnation: 1 } },
    ]);
    expect(node.receive('b', answer(1, 2)).reads).toEqual([
      { id: 5, index: 2 },
      { id: 6, index: 2 },
    ]);
  });

  it('never take the answer to another request, or to another life, for theirs', () => {
    const node = following();
    node.step({ kind: 'read', id: 5 });
    expect(node.receive('b', answer(1, 2, 0)).reads).toEqual([]);
    expect(node.receive('b', answer(1, 2)).reads).toHaveLength(1);
    const { send } = node.step({ kind: 'read', id: 5 });
    expect(send).toMatchObject([{ message: { id: 2 } }]);
    expect(node.receive('b', answer(1, 2)).reads).toEqual([]);
  });

  it('ask again when nothing comes back, under another number, and fail in the end', () => {
    const node = following();
    node.step({ kind: 'read', id: 5 });
    const sent: unknown[] = [];
    let failed: unknown;
    for (let round = 2; round < 30 && failed === undefined; round++) {
      node.nowMs += 10;
      node.receive('b', heartbeat({ term: 1, round }));
      const { send, reads } = node.step({ kind: 'tick' });
      sent.push(...send.map(({ message }) => message.kind === 'read-request' && message.id));
      failed = reads[0];
    }
    expect(sent).toEqual([2, 3, 4, 5]);
    expect(failed).toEqual({ id: 5, index: undefined });
  });

  it('fail at once when there is no leader, and when the leader changes', () => {
    const node = following();
    node.step({ kind: 'read', id: 5 });
    expect(node.receive('c', heartbeat({ term: 2 })).reads).toEqual([{ id: 5, index: undefined }]);
    const alone = new SoloNode();
    expect(alone.step({ kind: 'read', id: 6 }).reads).toEqual([{ id: 6, index: undefined }]);
  });

  it('are refused by a node that does not lead', () => {
    const node = following();
    expect(
      node.answersTo('c', { kind: 'read-request', term: term(1), id: 4, incarnation: 2 }),
    ).toMatchObject([{ kind: 'read-answer', id: 4, incarnation: 2, index: undefined }]);
  });
});
