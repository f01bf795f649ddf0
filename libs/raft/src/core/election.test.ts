import { tallyVotes } from './quorum.ts';
import { nodeId } from './ids.ts';
import {
  append,
  heartbeat,
  heartbeatAnswer,
  membership,
  SoloNode,
  voteAnswer,
  voteRequest,
} from './testing/solo-node.ts';
import { testTiming } from './testing/settings.ts';

const refusal = (term: number) => voteAnswer({ term, granted: false });

describe('voting (§5.2, §5.4.1)', () => {
  it('answers only when term and vote are durable', () => {
    const voter = new SoloNode({ log: [1] });
    const effects = voter.receive('b', voteRequest({ term: 2, last: [1, 1] }));
    expect(effects.send).toEqual([]);
    expect(effects.write?.hardState).toEqual({ term: 2, vote: 'b' });
    expect(effects.write?.thenSend).toEqual([
      { to: 'b', message: voteAnswer({ term: 2, granted: true }) },
    ]);
  });

  it('lets a refusal wait as well, while it tells a term that is not durable yet', () => {
    const voter = new SoloNode({ log: [3] });
    const effects = voter.receive('b', voteRequest({ term: 4, last: [1, 2] }));
    expect(effects.send).toEqual([]);
    expect(effects.write?.hardState).toEqual({ term: 4, vote: undefined });
    expect(effects.write?.thenSend).toEqual([{ to: 'b', message: refusal(4) }]);
  });

  it('keeps its vote for the rest of the term', () => {
    const voter = new SoloNode({ log: [1] });
    voter.receive('b', voteRequest({ term: 2, last: [1, 1] }));
    voter.persistAll();
    expect(voter.answersTo('c', voteRequest({ term: 2, last: [9, 1] }))).toEqual([refusal(2)]);
  });

  it('repeats a granted vote to the same candidate', () => {
    const voter = new SoloNode({ term: 2, vote: 'b', log: [1] });
    expect(voter.answersTo('b', voteRequest({ term: 2, last: [1, 1] }))).toEqual([
      voteAnswer({ term: 2, granted: true }),
    ]);
  });

  it('is free again in a later term, and only there', () => {
    const voter = new SoloNode({ term: 2, vote: 'b', log: [1] });
    expect(voter.answersTo('c', voteRequest({ term: 2, last: [1, 1] }))).toEqual([refusal(2)]);
    const effects = voter.receive('c', voteRequest({ term: 3, last: [1, 1] }));
    expect(effects.write?.hardState).toEqual({ term: 3, vote: 'c' });
  });

  it('keeps its vote when it becomes a follower within the term', () => {
    const voter = new SoloNode({ log: [1] });
    voter.pass(110);
    voter.receive('b', voteAnswer({ preVote: true, term: 2, granted: true }));
    voter.persistAll();
    voter.receive('b', append({ term: 2, prev: [1, 1], terms: [2] }));
    voter.persistAll();
    expect(voter.answersTo('c', voteRequest({ term: 2, last: [9, 2] }))).toEqual([refusal(2)]);
  });

  it.each([
    { last: [5, 3], granted: true, why: 'the same end' },
    { last: [6, 3], granted: true, why: 'longer in the same term' },
    { last: [1, 4], granted: true, why: 'a later last term, however short' },
    { last: [4, 3], granted: false, why: 'shorter in the same term' },
    { last: [9, 2], granted: false, why: 'an earlier last term, however long' },
  ] as const)('takes $last for up to date: $granted ($why)', ({ last, granted }) => {
    const voter = new SoloNode({ term: 6, log: [1, 1, 2, 3, 3] });
    voter.receive('b', voteRequest({ term: 7, last }));
    expect(voter.persistAll()).toEqual([voteAnswer({ term: 7, granted })]);
  });

  it('grants a vote to an empty log when its own is empty: zero is not absent', () => {
    const voter = new SoloNode();
    voter.receive('b', voteRequest({ term: 1, last: [0, 0] }));
    expect(voter.persistAll()).toEqual([voteAnswer({ term: 1, granted: true })]);
  });

  it('tells a candidate of an earlier term its own', () => {
    const voter = new SoloNode({ term: 5 });
    expect(voter.answersTo('b', voteRequest({ term: 3, last: [9, 3] }))).toEqual([refusal(5)]);
  });

  it('does not vote for another when it follows a leader whose term it did not vote in', () => {
    const voter = new SoloNode({ log: [1] });
    voter.receive('b', heartbeat({ term: 2 }));
    voter.persistAll();
    expect(voter.answersTo('c', voteRequest({ term: 2, last: [9, 9] }))).toEqual([refusal(2)]);
  });
});

describe('pre-vote (§9.6)', () => {
  const ask = (term: number, last: readonly [number, number]) =>
    voteRequest({ preVote: true, term, last });

  it('is granted without changing term, vote or timer', () => {
    const voter = new SoloNode({ term: 2, log: [1] });
    voter.pass(90);
    const effects = voter.receive('b', ask(7, [1, 1]));
    expect(effects.write).toBeUndefined();
    expect(effects.send).toEqual([
      { to: 'b', message: voteAnswer({ preVote: true, term: 7, granted: true }) },
    ]);
    expect(voter.core.office.term).toBe(2);
    expect(voter.pass(20)).not.toEqual([]);
  });

  it('is refused, with the own term, to one whose log is behind', () => {
    const voter = new SoloNode({ term: 2, log: [1, 2] });
    expect(voter.answersTo('b', ask(3, [9, 1]))).toEqual([
      voteAnswer({ preVote: true, term: 2, granted: false }),
    ]);
  });

  it('is not answered by a node that hears a leader', () => {
    const voter = new SoloNode({ term: 2, log: [1] });
    voter.receive('c', heartbeat({ term: 2 }));
    expect(voter.answersTo('b', ask(3, [9, 2]))).toEqual([]);
    voter.nowMs += 99;
    expect(voter.answersTo('b', voteRequest({ term: 9, last: [9, 2] }))).toEqual([]);
  });

  it('ignores grants of another term than the one it asked for', () => {
    const candidate = new SoloNode({ term: 2, log: [1] });
    candidate.pass(110);
    candidate.receive('b', voteAnswer({ preVote: true, term: 2, granted: true }));
    candidate.receive('c', voteAnswer({ preVote: true, term: 9, granted: true }));
    expect(candidate.core.office).toMatchObject({ role: 'follower', term: 2 });
  });
});

describe('standing for election (§5.2)', () => {
  function candidate(): SoloNode {
    const node = new SoloNode({ voters: ['a', 'b', 'c', 'd', 'e'], log: [1] });
    node.pass(110);
    node.receive('b', voteAnswer({ preVote: true, term: 2, granted: true }));
    node.receive('c', voteAnswer({ preVote: true, term: 2, granted: true }));
    return node;
  }

  it('counts a repeated grant once', () => {
    const node = candidate();
    node.persistAll();
    for (let i = 0; i < 4; i++) node.receive('b', voteAnswer({ term: 2, granted: true }));
    expect(node.core.office.role).toBe('candidate');
    node.receive('c', voteAnswer({ term: 2, granted: true }));
    expect(node.core.office.role).toBe('leader');
  });

  it('does not count grants of an earlier term, nor pre-votes', () => {
    const node = candidate();
    node.persistAll();
    for (const id of ['b', 'c', 'd', 'e']) {
      node.receive(id, voteAnswer({ term: 1, granted: true }));
      node.receive(id, voteAnswer({ preVote: true, term: 2, granted: true }));
      node.receive(id, voteAnswer({ preVote: true, term: 3, granted: true }));
    }
    expect(node.core.office.role).toBe('candidate');
  });

  it('does not count grants of those who have no vote', () => {
    const node = candidate();
    node.persistAll();
    node.receive('x', voteAnswer({ term: 2, granted: true }));
    node.receive('y', voteAnswer({ term: 2, granted: true }));
    expect(node.core.office.role).toBe('candidate');
  });

  it('is not elected before its own vote is durable', () => {
    const node = candidate();
    node.receive('b', voteAnswer({ term: 2, granted: true }));
    node.receive('c', voteAnswer({ term: 2, granted: true }));
    node.receive('d', voteAnswer({ term: 2, granted: true }));
    expect(node.core.office.role).toBe('candidate');
    node.persist();
    expect(node.core.office.role).toBe('leader');
  });

  it('waits for its own vote when those of the others come first', () => {
    const candidate = new SoloNode({ log: [1], voters: ['a', 'b', 'c'] });
    candidate.pass(110);
    candidate.receive('b', voteAnswer({ preVote: true, term: 2, granted: true }));
    candidate.receive('b', voteAnswer({ term: 2, granted: true }));
    candidate.receive('c', voteAnswer({ term: 2, granted: true }));
    expect(candidate.core.office.role).toBe('candidate');
    candidate.persistAll();
    expect(candidate.core.office.role).toBe('leader');
  });

  it('is not elected by its own vote when the term has moved on before it was durable', () => {
    const node = new SoloNode({ voters: ['a'], learners: ['b'] });
    node.pass(110);
    expect(node.core.office).toMatchObject({ role: 'candidate', term: 1 });
    node.receive('b', heartbeat({ term: 5 }));
    node.persistAll();
    expect(node.core.office).toEqual({ role: 'follower', term: 5, leader: 'b' });
  });

  it('gives up when a majority has refused, and follows whoever leads the term', () => {
    const node = candidate();
    node.persistAll();
    for (const id of ['b', 'c', 'd']) node.receive(id, refusal(2));
    expect(node.core.office).toMatchObject({ role: 'follower', term: 2 });
    const again = candidate();
    again.receive('b', append({ term: 2, prev: [1, 1] }));
    expect(again.core.office).toEqual({ role: 'follower', term: 2, leader: 'b' });
  });

  it('begins its term with a no-op stamped no earlier than anything before it (§8)', () => {
    const node = new SoloNode({ log: [1] });
    node.receive('b', heartbeat({ term: 1, clockMs: 70_000 }));
    node.lead();
    expect(node.core.entryAt(node.core.lastIndex)).toMatchObject({ kind: 'noop', term: 2 });
    expect(node.core.entryAt(node.core.lastIndex)!.atMs).toBeGreaterThanOrEqual(70_000);
  });

  it('stands at once when the leader tells it to, without pre-vote', () => {
    const node = new SoloNode({ log: [1] });
    node.receive('b', heartbeat({ term: 1 }));
    const { write } = node.receive('b', { kind: 'timeout-now', term: node.core.office.term });
    expect(write?.hardState).toEqual({ term: 2, vote: 'a' });
    expect(write?.thenSend[0]?.message).toEqual(
      voteRequest({ term: 2, last: [1, 1], transfer: true }),
    );
  });

  it('does not stand as a learner', () => {
    const node = new SoloNode({ voters: ['b', 'c'], learners: ['a'] });
    expect(node.pass(500)).toEqual([]);
  });
});

describe('the election timer', () => {
  it('is not restarted by a vote that is refused', () => {
    const node = new SoloNode({ log: [1, 2] });
    node.pass(90);
    node.receive('b', voteRequest({ term: 3, last: [9, 1] }));
    expect(node.pass(20)).not.toEqual([]);
  });

  it('is restarted by a vote that is granted', () => {
    const node = new SoloNode({ log: [1] });
    node.pass(90);
    node.receive('b', voteRequest({ term: 2, last: [1, 1] }));
    expect(node.pass(90)).toEqual([]);
  });

  it('is not restarted by a leader of an earlier term', () => {
    const node = new SoloNode({ term: 3, log: [1] });
    node.pass(90);
    node.receive('b', heartbeat({ term: 2 }));
    node.receive('b', append({ term: 2, prev: [1, 1] }));
    expect(node.pass(20)).not.toEqual([]);
  });

  it('is drawn anew for every election', () => {
    const draws = [0, 0.9, 0.3];
    const node = new SoloNode({ random: () => draws.shift() ?? 0 });
    const firstAfter = (ms: number): boolean => node.pass(ms).length > 0;
    expect([firstAfter(90), firstAfter(20)]).toEqual([false, true]);
    expect([firstAfter(170), firstAfter(20)]).toEqual([false, true]);
    expect([firstAfter(110), firstAfter(20)]).toEqual([false, true]);
  });

  it('does not take a pause of its own for a dead leader', () => {
    const node = new SoloNode({ log: [1] });
    node.receive('b', heartbeat({ term: 1 }));
    node.nowMs += 10_000;
    expect(node.step({ kind: 'tick' }).send).toEqual([]);
    node.receive('b', heartbeat({ term: 1, round: 2 }));
    expect(node.pass(90)).toEqual([]);
  });

  it('runs out at once when the process of the leader is gone', () => {
    const node = new SoloNode({ log: [1] });
    node.receive('b', heartbeat({ term: 1 }));
    node.step({ kind: 'peer-reset', peer: nodeId('b'), refused: false });
    expect(node.pass(10)).toEqual([]);
    node.step({ kind: 'peer-reset', peer: nodeId('b'), refused: true });
    expect(node.pass(10)).not.toEqual([]);
  });
});

describe('stepping down', () => {
  it('makes way when a majority hears it and nothing is committed for four timeouts', () => {
    const leader = new SoloNode({ log: [1] }).lead();
    const { term } = leader.core.office;
    leader.propose('x');
    leader.persistAll();
    const isHeardFor = (ms: number): void => {
      for (let waited = 0; waited < ms; waited += 20) {
        const sent = leader.pass(20);
        leader.persistAll();
        for (const { to, message } of sent) {
          if (message.kind !== 'heartbeat' || to !== 'b') continue;
          leader.receive('b', heartbeatAnswer({ term, round: message.round }));
        }
      }
    };
    isHeardFor(3 * testTiming.electionTimeoutMaxMs);
    expect(leader.core.office.role).toBe('leader');
    isHeardFor(2 * testTiming.electionTimeoutMaxMs);
    expect(leader.core.office.role).toBe('follower');
  });

  it('answers a leader of an earlier term, so that it learns the later one', () => {
    const node = new SoloNode({ term: 7, log: [1] });
    expect(node.answersTo('b', append({ term: 3, prev: [1, 1] }))).toEqual([
      { kind: 'heartbeat-answer', term: 7, round: 0, stamp: undefined, lastIndex: 1 },
    ]);
  });

  it('leaves office when a later term is heard of', () => {
    const node = new SoloNode().lead();
    const effects = node.receive('b', voteAnswer({ term: 9, granted: false }));
    expect(effects.office).toEqual({ role: 'follower', term: 9, leader: undefined });
  });
});

describe('tallying votes', () => {
  it('needs a majority of those who have a vote, not of those who answered', () => {
    const votes = new Map([
      [nodeId('a'), true],
      [nodeId('b'), true],
    ]);
    expect(tallyVotes(membership(['a', 'b', 'c', 'd']), votes)).toBe('pending');
  });
});
