import { logIndex, nodeId } from './ids.ts';
import type { LeaseEcho, Message } from './message.ts';
import {
  append,
  heartbeat,
  heartbeatAnswer,
  matched,
  sentTo,
  snapshotChunk,
  snapshotMeta,
  SoloNode,
} from './testing/solo-node.ts';

const localReads = {
  leaseMs: 400,
  driftMs: 10,
  lagMaxMs: 50,
  readmitMinMs: 1_000,
  readmitMaxMs: 60_000,
};

const stamp = (atMs: number, incarnation = 1) => ({ incarnation, atMs });
const echo = (atMs: number, floor: number, incarnation = 1): LeaseEcho => ({
  stamp: stamp(atMs, incarnation),
  floor: logIndex(floor),
});
const echoIn = (message: Message | undefined): LeaseEcho | undefined =>
  message !== undefined && 'echo' in message ? message.echo : undefined;

describe('a lease held by a follower', () => {
  const follower = (): SoloNode => new SoloNode({ localReads, log: [1, 1] });

  it('runs from its own stamp, less the drift, by the clock read for the hit', () => {
    const node = follower();
    node.receive('b', append({ term: 1, prev: [2, 1], echo: echo(900, 2) }));
    expect(node.core.mayServeLocally(1_000)).toBe(true);
    expect(node.core.mayServeLocally(900 + 390 - 1)).toBe(true);
    expect(node.core.mayServeLocally(900 + 390)).toBe(false);
  });

  it('is not outlived by a pause: the first look at the clock ends it', () => {
    const node = follower();
    node.receive('b', append({ term: 1, prev: [2, 1], echo: echo(1_000, 2) }));
    expect(node.core.mayServeLocally(1_010)).toBe(true);
    expect(node.core.mayServeLocally(11_000)).toBe(false);
  });

  it('is not believed after the clock stood still, nor is one that rests on a moment before', () => {
    const node = follower();
    node.receive('b', append({ term: 1, prev: [2, 1], echo: echo(1_000, 2) }));
    expect(node.core.mayServeLocally(1_000)).toBe(true);
    node.step({ kind: 'stood-still' });
    expect(node.core.mayServeLocally(1_000)).toBe(false);
    node.receive('b', append({ term: 1, prev: [2, 1], echo: echo(1_000, 2) }));
    expect(node.core.mayServeLocally(1_000)).toBe(false);
    node.nowMs += 1;
    node.receive('b', append({ term: 1, prev: [2, 1], echo: echo(1_001, 2) }));
    expect(node.core.mayServeLocally(1_001)).toBe(true);
  });

  it('ignores a stamp of a former life', () => {
    const node = follower();
    node.receive('b', append({ term: 1, prev: [2, 1], echo: echo(1_000, 2, 0) }));
    expect(node.core.mayServeLocally(1_000)).toBe(false);
  });

  it('needs the log up to the floor, with a last entry of the leader’s own term', () => {
    const node = follower();
    node.receive('b', heartbeat({ term: 1, echo: echo(1_000, 3) }));
    expect(node.core.mayServeLocally(1_000)).toBe(false);
    node.receive('c', heartbeat({ term: 2, echo: echo(1_000, 2) }));
    expect(node.core.mayServeLocally(1_000)).toBe(false);
    node.receive('c', append({ term: 2, prev: [2, 1], terms: [2], echo: echo(1_000, 3) }));
    expect(node.core.mayServeLocally(1_000)).toBe(true);
  });

  it('begins only when the effects are taken: before that no line can have been invalidated', () => {
    const node = follower();
    const message = append({ term: 1, prev: [2, 1], terms: [1], echo: echo(1_000, 3) });
    node.core.step({ kind: 'message', nowMs: 1_000, from: nodeId('b'), message });
    expect(node.core.mayServeLocally(1_000)).toBe(false);
    expect(node.core.hasEffects()).toBe(true);
    node.take();
    expect(node.core.mayServeLocally(1_000)).toBe(true);
  });

  it('outlives a change of the leader, because it rests on its stamp alone', () => {
    const node = follower();
    node.receive('b', append({ term: 1, prev: [2, 1], echo: echo(1_000, 2) }));
    node.receive('c', heartbeat({ term: 2 }));
    expect(node.core.mayServeLocally(1_100)).toBe(true);
  });

  it('ends with the installation of a snapshot', () => {
    const node = follower();
    node.receive('b', append({ term: 1, prev: [2, 1], echo: echo(1_000, 2) }));
    const meta = snapshotMeta(9, 1);
    node.receive('b', snapshotChunk({ term: 1, meta, offset: 0, bytes: [1], last: true }));
    node.step({
      kind: 'chunk-stored',
      index: meta.index,
      nextOffset: 1,
      complete: true,
      failed: false,
    });
    expect(node.core.mayServeLocally(1_000)).toBe(false);
  });

  it('puts the present moment into every answer as its stamp', () => {
    const node = follower();
    expect(node.answersTo('b', heartbeat({ term: 1, round: 3 }))).toMatchObject([
      { stamp: stamp(1_000) },
    ]);
  });
});

describe('leases given by a leader', () => {
  /** Leads term 1, whose no-op b has. */
  const leader = (): SoloNode => new SoloNode({ localReads }).lead();

  /** The messages of a round, and what they hand back to b. */
  function round(node: SoloNode): LeaseEcho | undefined {
    const sent = sentTo('b', node.pass(20)).filter(({ kind }) => kind === 'heartbeat');
    expect(sent).toHaveLength(1);
    return echoIn(sent[0]);
  }

  it('hand a stamp back once a majority has answered a round sent after it came', () => {
    const node = leader();
    expect(round(node)).toBeUndefined();
    node.receive('b', heartbeatAnswer({ term: 1, round: 2, stamp: stamp(77) }));
    // b's own answer to the next round, with the leader itself, is that majority.
    expect(round(node)).toBeUndefined();
    node.receive('b', heartbeatAnswer({ term: 1, round: 3, stamp: stamp(99) }));
    expect(round(node)).toEqual(echo(77, 1));
  });

  it('hand every stamp back once', () => {
    const node = leader();
    round(node);
    node.receive('b', heartbeatAnswer({ term: 1, round: 2, stamp: stamp(77) }));
    round(node);
    node.receive('b', heartbeatAnswer({ term: 1, round: 3 }));
    round(node);
    expect(round(node)).toBeUndefined();
  });

  it('do not take the answers of learners for a majority', () => {
    const node = new SoloNode({ localReads, learners: ['l'] }).lead();
    round(node);
    node.receive('b', heartbeatAnswer({ term: 1, round: 2, stamp: stamp(77) }));
    round(node);
    node.receive('l', heartbeatAnswer({ term: 1, round: 3, stamp: stamp(1) }));
    expect(round(node)).toBeUndefined();
  });

  it('have the greater of the no-op and the settled index for a floor', () => {
    const node = leader();
    round(node);
    node.receive('b', heartbeatAnswer({ term: 1, round: 2, stamp: stamp(77) }));
    node.receive('c', matched({ term: 1, match: 1 }));
    node.propose('x');
    node.persistAll();
    node.receive('b', matched({ term: 1, match: 2 }));
    node.receive('c', matched({ term: 1, match: 2 }));
    expect(node.core.settled).toBe(2);
    round(node);
    node.receive('b', heartbeatAnswer({ term: 1, round: 3 }));
    expect(round(node)).toEqual(echo(77, 2));
  });

  it('give the leader one from the sending of a round that a majority answered', () => {
    const node = leader();
    node.nowMs += 395;
    const sentMs = node.nowMs;
    const [beat] = sentTo('b', node.step({ kind: 'read', id: 1 }).send);
    node.nowMs += 100;
    expect(node.core.mayServeLocally(node.nowMs)).toBe(false);
    const answered = beat?.kind === 'heartbeat' ? beat.round : 0;
    node.receive('b', heartbeatAnswer({ term: 1, round: answered }));
    expect(node.core.mayServeLocally(sentMs + 389)).toBe(true);
    expect(node.core.mayServeLocally(sentMs + 390)).toBe(false);
  });

  it('give the leader none from a round that it sent before its clock stood still', () => {
    const node = leader();
    const [beat] = sentTo('b', node.step({ kind: 'read', id: 1 }).send);
    node.step({ kind: 'stood-still' });
    expect(node.core.mayServeLocally(node.nowMs)).toBe(false);
    const sent = beat?.kind === 'heartbeat' ? beat.round : 0;
    node.receive('b', heartbeatAnswer({ term: 1, round: sent }));
    expect(node.core.mayServeLocally(node.nowMs)).toBe(false);
    round(node);
    node.receive('b', heartbeatAnswer({ term: 1, round: sent + 1 }));
    expect(node.core.mayServeLocally(node.nowMs)).toBe(true);
  });

  it('are forfeited for the term when a successor is told to stand', () => {
    const node = leader();
    expect(node.core.mayServeLocally(node.nowMs)).toBe(true);
    node.step({ kind: 'transfer', to: nodeId('b') });
    expect(node.core.mayServeLocally(node.nowMs)).toBe(false);
    round(node);
    node.receive('b', heartbeatAnswer({ term: 1, round: 2, stamp: stamp(77) }));
    expect(node.core.mayServeLocally(node.nowMs)).toBe(false);
    round(node);
    node.receive('b', heartbeatAnswer({ term: 1, round: 3 }));
    expect(round(node)).toBeUndefined();
    node.receive('b', heartbeat({ term: 2 }));
    expect(node.core.mayServeLocally(node.nowMs)).toBe(false);
  });
});

describe('the settled index', () => {
  it('waits for everyone for one lease after an election', () => {
    const node = new SoloNode({ localReads }).lead();
    expect([node.core.commit, node.core.settled]).toEqual([1, 0]);
    for (let round = 2; round < 22; round++) {
      node.pass(20);
      node.receive('b', heartbeatAnswer({ term: 1, round }));
    }
    expect([node.core.commit, node.core.settled]).toEqual([1, 1]);
  });

  it('goes on at once when everyone has acknowledged', () => {
    const node = new SoloNode({ localReads }).lead();
    node.receive('c', matched({ term: 1, match: 1 }));
    expect(node.core.settled).toBe(1);
  });

  it('waits for a learner as well: learners serve hits too', () => {
    const node = new SoloNode({ localReads, learners: ['l'] }).lead();
    node.receive('c', matched({ term: 1, match: 1 }));
    expect(node.core.settled).toBe(0);
    node.receive('l', matched({ term: 1, match: 1 }));
    expect(node.core.settled).toBe(1);
  });

  it('is learned from any leader and never goes back', () => {
    const node = new SoloNode({ localReads, log: [1, 1] });
    node.receive('b', append({ term: 1, prev: [2, 1], commit: 2, settled: 2 }));
    node.receive('c', append({ term: 2, prev: [2, 1], commit: 2, settled: 1 }));
    expect(node.core.settled).toBe(2);
  });

  it('is the commit index in a group without local reads', () => {
    const node = new SoloNode().lead();
    expect([node.core.commit, node.core.settled]).toEqual([1, 1]);
    expect(node.core.mayServeLocally(node.nowMs)).toBe(false);
  });
});
