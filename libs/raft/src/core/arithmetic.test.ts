import fc from 'fast-check';
import { crc32 } from './checksum.ts';
import { logIndex, nodeId, type NodeId } from './ids.ts';
import { InflightWindow } from './inflight-window.ts';
import { decodeMembership, encodeMembership, membersOf, votersOf } from './membership.ts';
import { quorumValue } from './quorum.ts';
import { membership } from './testing/solo-node.ts';

describe('a quorum', () => {
  it('has reached a value exactly when a majority of each half has', () => {
    const half = fc.array(fc.nat(12), { minLength: 1, maxLength: 7 });
    fc.assert(
      fc.property(half, fc.option(half, { nil: [] }), (incoming, outgoing) => {
        const values = new Map<NodeId, number>();
        const name = (prefix: string) => (value: number, i: number) => {
          const id = nodeId(`${prefix}${i}`);
          values.set(id, value);
          return id;
        };
        const voters = incoming.map(name('i'));
        const old = outgoing.map(name('o'));
        const reached = quorumValue({ voters, outgoing: old, learners: [] }, (id) =>
          values.get(id)!,
        );
        const majorityHas = (ids: readonly NodeId[], least: number) =>
          ids.length === 0 || ids.filter((id) => values.get(id)! >= least).length * 2 > ids.length;
        expect(majorityHas(voters, reached) && majorityHas(old, reached)).toBe(true);
        expect(majorityHas(voters, reached + 1) && majorityHas(old, reached + 1)).toBe(false);
      }),
    );
  });
});

describe('the window of appends under way', () => {
  it('is freed by a cumulative answer, up to what it matches', () => {
    const window = new InflightWindow(3, 1_000);
    for (const end of [2, 4, 6]) window.add(logIndex(end), 10);
    expect(window.full).toBe(true);
    window.freeThrough(logIndex(5));
    expect([window.full, window.count]).toEqual([false, 1]);
  });

  it('takes one append larger than its bound, but nothing with it', () => {
    const window = new InflightWindow(3, 1_000);
    expect(window.full).toBe(false);
    window.add(logIndex(1), 5_000);
    expect(window.full).toBe(true);
    window.freeThrough(logIndex(1));
    expect(window.full).toBe(false);
  });
});

describe('CRC-32', () => {
  it('gives the check value of the standard', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array(0))).toBe(0);
  });
});

describe('a membership', () => {
  it('comes back from its entry as it was', () => {
    const joint = {
      voters: [nodeId('a'), nodeId('b')],
      outgoing: [nodeId('b'), nodeId('c')],
      learners: [nodeId('d')],
    };
    expect(decodeMembership(encodeMembership(joint))).toEqual(joint);
    expect(votersOf(joint)).toEqual(['a', 'b', 'c']);
    expect(membersOf(joint)).toEqual(['a', 'b', 'c', 'd']);
    expect(votersOf(membership(['a']))).toEqual(['a']);
  });
});
