import fc from 'fast-check';
import { keyHash } from './key-hash.ts';
import { createRing, defaultVirtualNodes, ownerOf, ownersOf, type Ring } from './ring.ts';

const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
beforeAll(() => process.stdout.write(`hash ring properties: SEED=${seed}\n`));

const ids = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 24 }), {
  minLength: 1,
  maxLength: 8,
});
const weighted = fc.uniqueArray(
  fc.record({
    id: fc.string({ maxLength: 12 }),
    weight: fc.double({ min: 0.2, max: 4, noNaN: true }),
  }),
  { minLength: 1, maxLength: 8, selector: (member) => member.id },
);
const small = { virtualNodes: 64 };

describe('a consistent-hash ring', () => {
  it('gives each key to the member it always had (golden values)', () => {
    const ring = createRing(['shard-0', 'shard-1', 'shard-2']);
    const keys = ['orders', 'mail', 'default', 'user:42', '鍵'];
    expect(keys.map((key) => ownerOf(ring, key))).toEqual([
      'shard-0',
      'shard-1',
      'shard-1',
      'shard-1',
      'shard-0',
    ]);
    expect(ring.points).toHaveLength(3 * defaultVirtualNodes);
    const sum = ring.points.reduce((total, point, i) => {
      return (total + point * (ring.pointMembers[i]! + 1)) % 2 ** 32;
    }, 0);
    expect(sum).toBe(3644790457);
  });

  it('does not depend on the order in which members are named', () => {
    fc.assert(
      fc.property(weighted, fc.infiniteStream(fc.nat()), (members, order) => {
        const shuffled = [...members]
          .map((member) => ({ member, at: order.next().value as number }))
          .sort((a, b) => a.at - b.at)
          .map(({ member }) => member);
        expect(createRing(shuffled, small)).toEqual(createRing(members, small));
      }),
      { seed, numRuns: 50 },
    );
  });

  it('finds the same owner as a walk around the whole circle', () => {
    fc.assert(
      fc.property(weighted, fc.string(), (members, key) => {
        const ring = createRing(members, small);
        expect(ownerOf(ring, key)).toBe(ownerByWalking(ring, key));
      }),
      { seed, numRuns: 300 },
    );
  });

  it('names the owner first, then distinct heirs, each the owner once those before it are gone', () => {
    fc.assert(
      fc.property(ids, fc.string(), fc.nat(10), (members, key, count) => {
        const ring = createRing(members, small);
        const owners = ownersOf(ring, key, count);
        expect(owners).toHaveLength(Math.min(count, members.length));
        expect(new Set(owners).size).toBe(owners.length);
        let left = members;
        for (const owner of owners) {
          expect(ownerOf(createRing(left, small), key)).toBe(owner);
          left = left.filter((id) => id !== owner);
        }
      }),
      { seed, numRuns: 200 },
    );
  });

  it('moves keys only to the member that came', () => {
    fc.assert(
      fc.property(ids, fc.string({ minLength: 25, maxLength: 26 }), (members, newcomer) => {
        const before = createRing(members, small);
        const after = createRing([...members, newcomer], small);
        for (let i = 0; i < 500; i++) {
          const owner = ownerOf(after, `k${i}`);
          expect([ownerOf(before, `k${i}`), newcomer]).toContain(owner);
        }
      }),
      { seed, numRuns: 40 },
    );
  });

  it('refuses what no ring can be', () => {
    expect(() => createRing([])).toThrow(RangeError);
    expect(() => createRing(['a', 'b', 'a'])).toThrow('a is on the ring twice');
    expect(() => createRing([{ id: 'a', weight: 0 }])).toThrow('weight of a');
    expect(() => createRing([{ id: 'a', weight: Number.NaN }])).toThrow('weight of a');
    expect(() => createRing(['a'], { virtualNodes: 0 })).toThrow('virtualNodes');
    expect(() => createRing([{ id: 'a', weight: 1e9 }])).toThrow('points');
  });
});

describe('ten members and a million keys', () => {
  const keys = Array.from({ length: 1_000_000 }, (_, i) => `key:${seed}:${i}`);
  const names = Array.from({ length: 10 }, (_, i) => `member-${seed % 1_000}-${i}`);
  const countByOwner = (ring: Ring): Map<string, number> => {
    const counts = new Map(ring.members.map(({ id }) => [id, 0]));
    for (const key of keys) {
      const owner = ownerOf(ring, key);
      counts.set(owner, counts.get(owner)! + 1);
    }
    return counts;
  };

  it('are balanced: the fullest member has less than 1.15 times the mean', () => {
    const counts = countByOwner(createRing(names));
    expect(Math.max(...counts.values()) / (keys.length / names.length)).toBeLessThan(1.15);
    expect(counts.size).toBe(10);
  });

  it('follow the weights within 15 %', () => {
    const weights = [1, 1, 1, 1, 1, 1, 2, 2, 3, 4];
    const counts = countByOwner(createRing(names.map((id, i) => ({ id, weight: weights[i]! }))));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    names.forEach((id, i) => {
      const fair = (keys.length * weights[i]!) / total;
      expect(counts.get(id)! / fair).toBeGreaterThan(0.85);
      expect(counts.get(id)! / fair).toBeLessThan(1.15);
    });
  });

  it('move at most 1.3/n when a member comes, and again when it goes', () => {
    const nine = createRing(names.slice(0, 9));
    const ten = createRing(names);
    let moved = 0;
    for (const key of keys) {
      const owner = ownerOf(ten, key);
      if (owner !== ownerOf(nine, key)) {
        moved++;
        if (owner !== names[9]) {
          throw new Error(`${key} moved between two members that stayed`);
        }
      }
    }
    expect(moved / keys.length).toBeLessThan(1.3 / 10);
    expect(moved).toBeGreaterThan(0);
  });
});

function ownerByWalking(ring: Ring, key: string): string {
  const at = keyHash(key);
  let best = Infinity;
  let owner = '';
  ring.points.forEach((point, i) => {
    const distance = (point - at + 2 ** 32) % 2 ** 32;
    if (distance < best) {
      best = distance;
      owner = ring.members[ring.pointMembers[i]!]!.id;
    }
  });
  return owner;
}
