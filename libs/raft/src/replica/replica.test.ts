import { logIndex, nodeId, term } from '../core/ids.ts';
import type { Outcome, ReadOutcome, RequestRef } from './group.ts';
import type { PeerMessage } from './peer-message.ts';
import { add, type LedgerReply } from './test/ledger-machine.ts';
import { SmallWorld } from './test/small-world.ts';

const three = ['a', 'b', 'c'];
const applied = (balance: number) =>
  expect.objectContaining({ kind: 'applied', reply: { balance } }) as Outcome<LedgerReply>;
const request = (id: string, fingerprint = 'f'): RequestRef => ({ scope: 's', id, fingerprint });
const balances = (world: SmallWorld, account: string) =>
  [...world.nodes.values()].map((node) => node.machine.accounts.get(account));

describe('a proposal', () => {
  it('is answered on the leader with the reply of the state machine', () => {
    const world = new SmallWorld(three);
    const asked = world.elect().propose(add('x', 5));
    world.run(50);
    expect(asked.answers).toEqual([applied(5)]);
  });

  it('is answered on a follower when that follower has applied it', () => {
    const world = new SmallWorld(three);
    world.elect();
    const { follower } = world;
    const asked = follower.propose(add('x', 5));
    world.waitFor(() => asked.answers.length > 0, 500);
    expect(asked.answers).toEqual([applied(5)]);
    expect(follower.machine.accounts.get('x')).toBe(5);
  });

  it('leaves a follower together with all that arrived in the same turn', () => {
    const world = new SmallWorld(three);
    world.elect();
    const forwards: number[] = [];
    world.deliver = (_from, _to, message) => {
      if (message.kind === 'forward') forwards.push(message.payloads.length);
      return true;
    };
    const asked = Array.from({ length: 50 }, () => world.follower.propose(add('x')));
    world.run(300);
    expect(forwards).toEqual([50]);
    expect(asked.map(({ answers }) => answers)).toEqual(asked.map((_, i) => [applied(i + 1)]));
  });

  it('waits for a leader, and is refused when none came: it never left', () => {
    const world = new SmallWorld(three);
    world.cut('a');
    const asked = world.node('a').propose(add('x'), { withinMs: 2_000 });
    world.run(1_900);
    expect(asked.answers).toEqual([]);
    world.run(200);
    expect(asked.answers).toEqual([{ kind: 'refused', why: 'no-leader' }]);
  });

  it('is unknown when a leader without a majority has it in its log at the deadline', () => {
    const world = new SmallWorld(three);
    const leader = world.elect();
    world.cut(leader.id);
    const asked = leader.propose(add('x'), { withinMs: 300 });
    world.run(400);
    expect(asked.answers).toEqual([{ kind: 'unknown' }]);
  });

  it('takes effect once when its forward, or the answer to it, is lost', () => {
    for (const kind of ['forward', 'forward-answer'] as const) {
      const world = new SmallWorld(three);
      world.elect();
      let lost = 0;
      world.deliver = (_from, _to, message) => message.kind !== kind || lost++ > 0;
      const asked = world.follower.propose(add('x'));
      world.run(3_000);
      expect(lost).toBeGreaterThan(0);
      expect(asked.answers).toEqual([applied(1)]);
      expect(balances(world, 'x')).toEqual([1, 1, 1]);
    }
  });

  it('takes effect once when the link breaks and it is handed over again', () => {
    const world = new SmallWorld(three);
    const leader = world.elect();
    const { follower } = world;
    const asked = follower.propose(add('x'));
    // The forward arrives, its answer does not.
    world.deliver = (_from, _to, message) => message.kind !== 'forward-answer';
    world.run(1);
    follower.live.peerReset(leader.id, false);
    world.heal();
    world.run(1_000);
    expect(asked.answers).toEqual([applied(1)]);
    expect(balances(world, 'x')).toEqual([1, 1, 1]);
  });

  it('outlives the leader it was given to', () => {
    const world = new SmallWorld(three);
    const leader = world.elect();
    const { follower } = world;
    // Nothing that the leader appends reaches anybody.
    world.deliver = (from, _to, message) => from !== leader.id || message.kind === 'forward-answer';
    const asked = follower.propose(add('x'));
    world.run(5);
    leader.crash();
    world.heal();
    world.waitFor(() => asked.answers.length > 0, 4_000);
    expect(asked.answers).toEqual([applied(1)]);
    leader.start();
    world.run(2_000);
    expect(balances(world, 'x')).toEqual([1, 1, 1]);
  });

  it('of a deposed leader is proposed again by itself once its loss is proved', () => {
    const world = new SmallWorld(three);
    const leader = world.elect();
    world.cut(leader.id);
    const asked = leader.propose(add('x'), { withinMs: 10_000 });
    world.waitFor(() => world.leader !== leader && world.leader !== undefined, 5_000);
    world.heal();
    world.run(3_000);
    expect(asked.answers).toEqual([applied(1)]);
    expect(balances(world, 'x')).toEqual([1, 1, 1]);
  });

  it('is refused when too much is open already', () => {
    const world = new SmallWorld(three, { pendingMax: 2 });
    const leader = world.elect();
    const asked = [1, 2, 3].map((amount) => leader.propose(add('x', amount)));
    expect(asked[2]!.answers).toEqual([{ kind: 'refused', why: 'overloaded' }]);
    world.run(50);
    expect(asked[1]!.answers).toEqual([applied(3)]);
  });

  it('answers every caller when the node stops', async () => {
    const world = new SmallWorld(three);
    const leader = world.elect();
    world.cut(leader.id);
    const sent = leader.propose(add('x'));
    world.run(5);
    const fresh = leader.propose(add('x'));
    await leader.live.stop();
    expect(sent.answers).toEqual([{ kind: 'unknown' }]);
    expect(fresh.answers).toEqual([{ kind: 'refused', why: 'no-leader' }]);
    expect(leader.propose(add('x')).answers).toEqual([{ kind: 'refused', why: 'no-leader' }]);
  });
});

describe('a repeated request', () => {
  it('changes nothing and is answered as the first was, on any node', () => {
    const world = new SmallWorld(three);
    world.elect();
    const first = world.node('a').propose(add('x', 5), { request: request('r') });
    world.run(300);
    const second = world.node('b').propose(add('x', 5), { request: request('r') });
    world.run(300);
    expect(first.answers).toEqual([applied(5)]);
    expect(second.answers).toEqual([
      expect.objectContaining({ kind: 'repeated', reply: { balance: 5 } }),
    ]);
    expect(balances(world, 'x')).toEqual([5, 5, 5]);
  });

  it('may be answered by the state as it is now, where the machine wants that', () => {
    const world = new SmallWorld(three);
    const leader = world.elect();
    for (const node of world.nodes.values()) node.machine.answerRepeats();
    leader.propose(add('x', 5), { request: request('r') });
    leader.propose(add('x', 2));
    const repeated = leader.propose(add('x', 5), { request: request('r') });
    world.run(50);
    expect(repeated.answers).toEqual([
      expect.objectContaining({ kind: 'repeated', reply: { balance: 7 } }),
    ]);
  });

  it('is refused when its id was used for something else, but not in another scope', () => {
    const world = new SmallWorld(three);
    const leader = world.elect();
    leader.propose(add('x'), { request: request('r') });
    const other = leader.propose(add('x', 9), { request: request('r', 'g') });
    const scoped = leader.propose(add('x'), { request: { ...request('r'), scope: 't' } });
    world.run(50);
    expect(other.answers).toEqual([{ kind: 'refused', why: 'request-id-reused' }]);
    expect(scoped.answers).toEqual([applied(2)]);
  });

  it('is refused, before anything changes, when the table is full; never is one forgotten early', () => {
    const requests = { windowMs: 1_000, requestsMax: 2, bytesMax: 1 << 20 };
    const world = new SmallWorld(three, { requests });
    const leader = world.elect();
    const asked = ['p', 'q', 'r'].map((id) => leader.propose(add('x'), { request: request(id) }));
    world.run(50);
    expect(asked[2]!.answers).toEqual([{ kind: 'refused', why: 'overloaded' }]);
    expect(balances(world, 'x')[0]).toBe(2);
    world.run(1_500);
    const later = leader.propose(add('x'), { request: request('r') });
    world.run(50);
    expect(later.answers).toEqual([applied(3)]);
  });

  it('is known after a restart from a snapshot', () => {
    const world = new SmallWorld(['a']);
    const node = world.elect();
    node.propose(add('x', 5), { request: request('r') });
    world.run(50);
    expect(node.live.takeSnapshot()).toBe(true);
    world.run(50);
    expect(node.disk.snapshotIndex).toBeGreaterThan(0);
    node.crash();
    node.start();
    world.elect();
    const again = node.propose(add('x', 5), { request: request('r') });
    world.run(50);
    expect(again.answers).toEqual([
      expect.objectContaining({ kind: 'repeated', reply: { balance: 5 } }),
    ]);
    expect(node.machine.accounts.get('x')).toBe(5);
  });
});

describe('time in the log', () => {
  it('passes without any request: what is due happens at one index on all nodes', () => {
    const world = new SmallWorld(three);
    const leader = world.elect();
    leader.propose(add('x'));
    leader.propose({ kind: 'lapse', account: 'x', afterMs: 700 });
    world.run(600);
    expect(balances(world, 'x')).toEqual([1, 1, 1]);
    world.run(300);
    expect(balances(world, 'x')).toEqual([undefined, undefined, undefined]);
    const lapses = [...world.nodes.values()].map(({ events }) =>
      events.filter(({ kind }) => kind === 'lapsed'),
    );
    expect(lapses[0]).toHaveLength(1);
    expect(lapses).toEqual([lapses[0], lapses[0], lapses[0]]);
  });

  it('does not fill the log while nothing is due', () => {
    const world = new SmallWorld(three);
    const leader = world.elect();
    const before = leader.live.core.lastIndex;
    world.run(30_000);
    expect(leader.live.core.lastIndex).toBe(before);
  });
});

describe('lives of nodes', () => {
  const notices = (world: SmallWorld, id: string) =>
    world
      .node(id)
      .events.flatMap((event) => (event.kind === 'notice' ? [event.notice] : []))
      .map((notice) => JSON.stringify(notice));

  it('are announced by every node that starts', () => {
    const world = new SmallWorld(three);
    world.elect();
    expect(notices(world, 'a').sort()).toEqual(
      three.map((node) => JSON.stringify({ kind: 'node-started', node, incarnation: 1 })),
    );
    const { follower } = world;
    follower.crash();
    follower.start();
    world.run(1_000);
    const expected = { kind: 'node-started', node: follower.id, incarnation: 2 };
    expect(notices(world, world.leader!.id)).toContain(JSON.stringify(expected));
  });

  it('that have ended propose nothing any more, even if their commands come late', () => {
    const world = new SmallWorld(three);
    const leader = world.elect();
    const { follower } = world;
    const late: PeerMessage[] = [];
    world.deliver = (_from, to, message) => {
      if (message.kind !== 'forward' || to !== leader.id) return true;
      late.push(message);
      return false;
    };
    follower.propose(add('x'));
    world.run(5);
    follower.crash();
    world.heal();
    follower.start();
    world.run(1_000);
    for (const message of late) leader.live.receive(follower.id, message);
    world.run(500);
    expect(late).toHaveLength(1);
    expect(balances(world, 'x')).toEqual([undefined, undefined, undefined]);
  });

  it('are given up by the leader after a silence, and resume when heard again', () => {
    const world = new SmallWorld(three, { nodeGoneAfterMs: 3_000 });
    const leader = world.elect();
    const { follower } = world;
    world.cut(follower.id);
    world.run(5_000);
    const gone = JSON.stringify({ kind: 'node-gone', node: follower.id });
    expect(notices(world, leader.id).filter((notice) => notice === gone)).toHaveLength(1);
    world.heal();
    world.run(4_000);
    const back = { kind: 'node-started', node: follower.id, incarnation: 1 };
    expect(notices(world, leader.id).at(-1)).toBe(JSON.stringify(back));
  });

  it('end when a newer life of the same node is seen', () => {
    const world = new SmallWorld(three);
    world.elect();
    const { follower } = world;
    follower.crash();
    follower.start(9);
    world.run(500);
    follower.crash();
    follower.start(5);
    world.run(1_000);
    expect(follower.fatal).toEqual([expect.stringContaining('lives on in another process')]);
  });
});

describe('snapshots', () => {
  const fill = (world: SmallWorld, count: number) => {
    for (let i = 0; i < count; i++) {
      world.leader!.propose(add(`k${i}`, i));
      if (i % 50 === 49) world.run(20);
    }
    world.run(500);
  };

  it('are taken when the log has grown, and let it be cut', () => {
    const world = new SmallWorld(three, { snapshotLogBytesMin: 5_000 });
    const leader = world.elect();
    fill(world, 300);
    expect(leader.disk.snapshotIndex).toBeGreaterThan(100);
    expect(leader.disk.durable().entries.length).toBeLessThan(200);
    expect(leader.live.status().snapshot).toBe(leader.disk.snapshotIndex);
  });

  it('bring a node up to date that has been away for too long', () => {
    const world = new SmallWorld(three, { snapshotLogBytesMin: 5_000 });
    world.elect();
    const { follower } = world;
    const restored: number[] = [];
    follower.live.onRestored(() => restored.push(follower.live.applied));
    world.cut(follower.id);
    fill(world, 400);
    const waiting = follower.propose(add('z'), { withinMs: 20_000 });
    world.heal();
    world.waitFor(() => waiting.answers.length > 0, 10_000);
    expect(restored.length).toBeGreaterThan(0);
    expect(waiting.answers).toEqual([applied(1)]);
    expect([...follower.machine.accounts]).toEqual([...world.leader!.machine.accounts]);
  });

  it('restore a node at its start, before anything after them is applied', () => {
    const world = new SmallWorld(three, { snapshotLogBytesMin: 5_000, snapshotReadBytes: 500 });
    world.elect();
    fill(world, 200);
    const { follower } = world;
    follower.crash();
    follower.start();
    expect(follower.live.status().restoring).toBe(true);
    world.run(2_000);
    expect(follower.live.status().restoring).toBe(false);
    expect([...follower.machine.accounts]).toEqual([...world.leader!.machine.accounts]);
  });

  it('tell a waiting caller what the restored table of requests knows', () => {
    const world = new SmallWorld(three, { snapshotLogBytesMin: 5_000 });
    world.elect();
    const { follower } = world;
    // Its proposals go out, and nothing comes back until a snapshot has passed over them.
    world.deliver = (_from, to, message) => to !== follower.id || message.kind === 'read-answer';
    const named = follower.propose(add('n', 3), { withinMs: 60_000, request: request('r') });
    const bare = follower.propose(add('m', 3), { withinMs: 60_000 });
    world.run(100);
    fill(world, 400);
    world.heal();
    world.run(5_000);
    expect(follower.disk.snapshotIndex).toBeGreaterThan(100);
    expect(named.answers).toEqual([
      expect.objectContaining({ kind: 'repeated', reply: { balance: 3 } }),
    ]);
    // Applied, but its reply is gone with the entries.
    expect(bare.answers).toEqual([{ kind: 'unknown' }]);
    expect(balances(world, 'm')).toEqual([3, 3, 3]);
  });
});

describe('reads', () => {
  it('are ready once this node has applied all that was answered before', () => {
    const world = new SmallWorld(three);
    const leader = world.elect();
    const { follower } = world;
    leader.propose(add('x', 7));
    world.run(10);
    const outcomes: [ReadOutcome['kind'], number | undefined][] = [];
    for (const node of [leader, follower]) {
      node.live.readBarrierWith(world.nowMs + 1_000, ({ kind }) =>
        outcomes.push([kind, node.machine.accounts.get('x')]),
      );
    }
    world.run(500);
    expect(outcomes).toEqual([
      ['ready', 7],
      ['ready', 7],
    ]);
  });

  it('are refused at their deadline by a node that finds no majority', () => {
    const world = new SmallWorld(three);
    const leader = world.elect();
    world.cut(leader.id);
    const outcomes: ReadOutcome[] = [];
    leader.live.readBarrierWith(world.nowMs + 1_500, (outcome) => outcomes.push(outcome));
    world.run(1_600);
    expect(outcomes).toEqual([{ kind: 'refused', why: 'no-leader' }]);
  });

  it('say when the settled index covers an entry, or that it did not in time', () => {
    const world = new SmallWorld(three);
    const leader = world.elect();
    const answers: boolean[] = [];
    const next = logIndex(leader.live.core.lastIndex + 1);
    leader.live.whenSettledWith(next, world.nowMs + 1_000, (settled) => answers.push(settled));
    leader.live.whenSettledWith(logIndex(next + 9), world.nowMs + 400, (s) => answers.push(s));
    leader.propose(add('x'));
    world.run(200);
    expect(answers).toEqual([true]);
    world.run(300);
    expect(answers).toEqual([true, false]);
  });
});

describe('the rest of a replica', () => {
  it('tells who listens which commands stand in the log, before they are applied', () => {
    const world = new SmallWorld(three);
    const leader = world.elect();
    const seen: string[] = [];
    leader.live.onAppended((commands) =>
      seen.push(
        ...commands.map(
          ({ command, origin }) => `${command.account} of ${origin.node}@${leader.live.applied}`,
        ),
      ),
    );
    const before = leader.live.applied;
    leader.propose(add('x'));
    world.run(50);
    expect(seen).toEqual([`x of ${leader.id}@${before}`]);
  });

  it('hands leadership over and says so', () => {
    const world = new SmallWorld(three);
    const leader = world.elect();
    const answers: boolean[] = [];
    const successor = world.follower;
    leader.live.transferWith(successor.id, world.nowMs + 2_000, (done) => answers.push(done));
    world.run(1_000);
    expect(answers).toEqual([true]);
    expect(world.leader).toBe(successor);
  });

  it('has leadership moved when any node is asked', () => {
    const world = new SmallWorld(three);
    const leader = world.elect();
    const asked = world.follower;
    const successor = [...world.nodes.values()].find((node) => node !== leader && node !== asked)!;
    const answers: boolean[] = [];
    asked.live.transferWith(successor.id, world.nowMs + 2_000, (done) => answers.push(done));
    world.run(1_000);
    expect(answers).toEqual([true]);
    expect(world.leader).toBe(successor);
  });

  it('moves nothing when the one that shall lead does already', () => {
    const world = new SmallWorld(three);
    const leader = world.elect();
    const answers: boolean[] = [];
    for (const node of [leader, world.follower]) {
      node.live.transferWith(leader.id, world.nowMs + 500, (done) => answers.push(done));
    }
    expect(answers).toEqual([true, true]);
    const { term } = leader.live.status();
    world.run(1_000);
    expect(leader.live.status()).toMatchObject({ role: 'leader', term });
  });

  it('says that leadership was not moved when the one that shall lead is nobody', () => {
    const world = new SmallWorld(three);
    const leader = world.elect();
    const asked = world.follower;
    const answers: boolean[] = [];
    asked.live.transferWith(nodeId('nobody'), world.nowMs + 300, (done) => answers.push(done));
    world.run(1_000);
    expect(answers).toEqual([false]);
    expect(world.leader).toBe(leader);
  });

  it('applies in slices, with other inputs taken in between', () => {
    const world = new SmallWorld(['a'], { sliceMs: 0 });
    const node = world.elect();
    for (let i = 0; i < 100; i++) node.propose(add('x'));
    const steps = new Set<number>();
    world.waitFor(() => {
      steps.add(node.live.applied);
      return node.machine.accounts.get('x') === 100;
    });
    expect(steps.size).toBeGreaterThan(5);
  });

  it('works on when its disk is full, as soon as there is room', () => {
    const world = new SmallWorld(['a']);
    const node = world.elect();
    node.disk.full = true;
    const caught = node.propose(add('x'), { withinMs: 10_000 });
    world.run(200);
    const refused = node.propose(add('x'), { withinMs: 10_000 });
    expect(node.live.status().storage).toBe('full');
    world.run(2_000);
    expect(refused.answers).toEqual([{ kind: 'refused', why: 'storage-full' }]);
    node.disk.full = false;
    world.run(2_500);
    expect(caught.answers).toEqual([applied(1)]);
    expect(node.live.status().storage).toBe('ok');
  });

  it('stops for good when the store is broken', () => {
    const world = new SmallWorld(['a']);
    const node = world.elect();
    node.disk.broken = true;
    node.propose(add('x'));
    world.run(100);
    expect(node.fatal).toEqual([expect.stringContaining('a sync failed')]);
  });

  it('knows its place', () => {
    const world = new SmallWorld(three);
    const leader = world.elect();
    expect(leader.live.status()).toMatchObject({
      role: 'leader',
      leader: leader.id,
      quorumInReach: true,
      storage: 'ok',
      restoring: false,
    });
    expect(leader.live.status().term).toBeGreaterThanOrEqual(term(1));
    expect(world.follower.live.status()).toMatchObject({ role: 'follower', quorumInReach: true });
    world.cut(leader.id);
    world.run(1_500);
    expect(leader.live.status().quorumInReach).toBe(false);
    expect(world.node(leader.id).id).toBe(nodeId(leader.id));
  });
});
