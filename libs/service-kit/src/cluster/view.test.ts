import type { GroupStatus } from '@quorate/raft';
import type { Context } from '../routes/answer.ts';
import { PeerWatch } from './peer-watch.ts';
import { nodeView } from './view.ts';

const members = ['a', 'b', 'c'].map((id, i) => ({ id, host: '127.0.0.1', port: 7_001 + i }));
const context = { deadlineMs: 1e12 } as Context;

/** Node `a`, in groups that these nodes lead. */
function viewOf(...leaders: readonly (string | undefined)[]) {
  const moved: [string, string | undefined][] = [];
  const groups = leaders.map((leader, shard) => ({
    status: () => ({ role: leader === 'a' ? 'leader' : 'follower', leader }) as GroupStatus,
    transfer: (to: string | undefined) => {
      moved.push([`shard ${shard}`, to]);
      return Promise.resolve(true);
    },
  }));
  const view = nodeView({
    cluster: 'locks',
    nodeId: 'a',
    members,
    groups,
    watch: new PeerWatch(['b', 'c'], { nowMs: () => 0, heartbeatIntervalMs: 100 }),
    isReady: () => undefined,
    isStopping: () => false,
    stats: () => ({}),
  });
  return { view, moved };
}

describe('leadership, when a node is asked to have it moved', () => {
  it('leaves the node in every shard that it leads', async () => {
    const { view, moved } = viewOf('a', 'b', 'a');
    expect(await view.transfer('c', context)).toMatchObject({ body: { transferred: 2, of: 2 } });
    expect(moved).toEqual([
      ['shard 0', 'c'],
      ['shard 2', 'c'],
    ]);
  });

  it('leaves whoever has it, where the node leads nothing', async () => {
    const { view, moved } = viewOf('b');
    expect(await view.transfer(undefined, context)).toMatchObject({ body: { transferred: 1 } });
    expect(moved).toEqual([['shard 0', undefined]]);
  });

  it('stays where it is when nobody has it, or the other is unknown', async () => {
    const { view, moved } = viewOf(undefined);
    expect(await view.transfer('b', context)).toMatchObject({ code: 'no_leader' });
    expect(await view.transfer('z', context)).toMatchObject({ code: 'not_found' });
    expect(moved).toEqual([]);
  });
});
