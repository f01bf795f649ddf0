import { keyHash } from './key-hash.ts';

/**
 * A consistent-hash ring (Karger et al., 1997): each member stands at many points of the circle of
 * 32-bit hashes, and a key belongs to the member at the first point at or after the key's hash. A
 * member that comes takes keys only from where its own points fall; one that goes leaves its keys
 * to whoever stands next. Nothing else moves.
 *
 * A ring is a value: it depends on the set of members alone, not on the order in which they came,
 * so every node builds the same one without talking to the others.
 */
export interface Ring {
  /** Sorted by id. `pointMembers` holds positions in this list. */
  readonly members: readonly Member[];
  readonly virtualNodes: number;
  /** Hashes in ascending order, one per virtual node. */
  readonly points: Uint32Array;
  readonly pointMembers: Uint16Array;
}

export interface Member {
  readonly id: string;
  /** A member of weight 2 gets twice the keys of a member of weight 1. */
  readonly weight: number;
}

export interface RingOptions {
  /** Points of a member of weight 1. */
  readonly virtualNodes?: number;
}

/**
 * A member's share of the circle deviates by about 1/√points: with 1,024 points the standard
 * deviation is 3 %, so that a member with 15 % too much (the bound we test) is a five-sigma event.
 */
export const defaultVirtualNodes = 1_024;

export const membersMax = 0xffff;
export const pointsMax = 1 << 22;

/** Throws a RangeError for what no ring can be: no members, an id twice, a weight that is no weight. */
export function createRing(
  members: Iterable<string | { readonly id: string; readonly weight?: number }>,
  options: RingOptions = {},
): Ring {
  const virtualNodes = options.virtualNodes ?? defaultVirtualNodes;
  if (!Number.isSafeInteger(virtualNodes) || virtualNodes < 1) {
    throw new RangeError(`virtualNodes must be a positive integer, not ${virtualNodes}`);
  }
  const sorted = sortedMembers(members);
  const counts = sorted.map((member) => Math.max(1, Math.round(member.weight * virtualNodes)));
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total > pointsMax) {
    throw new RangeError(`a ring holds at most ${pointsMax} points, not ${total}`);
  }

  // Hash and member in one number: a native numeric sort, and where two members' points collide
  // the smaller id goes first on every node.
  const keyed = new Float64Array(total);
  let next = 0;
  sorted.forEach((member, position) => {
    for (let ordinal = 0; ordinal < counts[position]!; ordinal++) {
      keyed[next++] = keyHash(`${member.id}#${ordinal}`) * 0x10000 + position;
    }
  });
  keyed.sort();

  const points = new Uint32Array(total);
  const pointMembers = new Uint16Array(total);
  for (let i = 0; i < total; i++) {
    points[i] = Math.floor(keyed[i]! / 0x10000);
    pointMembers[i] = keyed[i]! % 0x10000;
  }
  return { members: sorted, virtualNodes, points, pointMembers };
}

/** The id of the member that owns `key`: one hash and one binary search. */
export function ownerOf(ring: Ring, key: string): string {
  const at = pointAtOrAfter(ring.points, keyHash(key));
  return ring.members[ring.pointMembers[at]!]!.id;
}

/**
 * The owner of `key` and the members that would inherit it, nearest first: `count` distinct
 * members, or all of them where the ring has fewer.
 */
export function ownersOf(ring: Ring, key: string, count: number): string[] {
  const wanted = Math.min(count, ring.members.length);
  const owners: string[] = [];
  const seen = new Set<number>();
  const { length } = ring.points;
  let at = pointAtOrAfter(ring.points, keyHash(key));
  while (owners.length < wanted) {
    const position = ring.pointMembers[at]!;
    if (!seen.has(position)) {
      seen.add(position);
      owners.push(ring.members[position]!.id);
    }
    at = at + 1 === length ? 0 : at + 1;
  }
  return owners;
}

function sortedMembers(
  members: Iterable<string | { readonly id: string; readonly weight?: number }>,
): Member[] {
  const byId = new Map<string, Member>();
  for (const given of members) {
    const id = typeof given === 'string' ? given : given.id;
    const weight = typeof given === 'string' ? 1 : (given.weight ?? 1);
    if (!(weight > 0 && Number.isFinite(weight))) {
      throw new RangeError(`the weight of ${id} must be a positive number, not ${weight}`);
    }
    if (byId.has(id)) {
      throw new RangeError(`${id} is on the ring twice`);
    }
    byId.set(id, { id, weight });
  }
  if (byId.size === 0 || byId.size > membersMax) {
    throw new RangeError(`a ring has 1 to ${membersMax} members, not ${byId.size}`);
  }
  // By code unit: the collation of a locale differs from machine to machine.
  return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The first point that is not below `hash`; past the last one the circle begins again. */
function pointAtOrAfter(points: Uint32Array, hash: number): number {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (points[middle]! < hash) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low === points.length ? 0 : low;
}
