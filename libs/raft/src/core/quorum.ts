import type { Membership } from './entry.ts';
import type { NodeId } from './ids.ts';

/**
 * Arithmetic of majorities. During a joint membership (§6) both halves must agree, so a decision
 * needs a majority of each: the quorum's value is the smaller of the two.
 */
export const majorityOf = (size: number): number => Math.floor(size / 2) + 1;

/**
 * The greatest value that a quorum has reached. With an even number of voters the lower middle one
 * counts: two of four are not a majority. Nobody decides in an empty half, so it is left out.
 */
export function quorumValue(membership: Membership, valueOf: (id: NodeId) => number): number {
  const incoming = majorityValue(membership.voters, valueOf);
  if (membership.outgoing.length === 0) return incoming;
  return Math.min(incoming, majorityValue(membership.outgoing, valueOf));
}

function majorityValue(voters: readonly NodeId[], valueOf: (id: NodeId) => number): number {
  // Insertion sort, greatest first: voters are few, and Array.sort without a comparator would
  // compare the numbers as text.
  const values: number[] = [];
  for (const id of voters) {
    const value = valueOf(id);
    let at = values.length;
    while (at > 0 && values[at - 1]! < value) {
      values[at] = values[at - 1]!;
      at -= 1;
    }
    values[at] = value;
  }
  return values[majorityOf(voters.length) - 1] ?? 0;
}

export type VoteResult = 'won' | 'lost' | 'pending';

/** An election is lost as soon as either half can no longer reach a majority. */
export function tallyVotes(
  membership: Membership,
  votes: ReadonlyMap<NodeId, boolean>,
): VoteResult {
  const incoming = tallyHalf(membership.voters, votes);
  if (membership.outgoing.length === 0) return incoming;
  const outgoing = tallyHalf(membership.outgoing, votes);
  if (incoming === 'lost' || outgoing === 'lost') return 'lost';
  return incoming === 'won' && outgoing === 'won' ? 'won' : 'pending';
}

function tallyHalf(voters: readonly NodeId[], votes: ReadonlyMap<NodeId, boolean>): VoteResult {
  let granted = 0;
  let refused = 0;
  for (const id of voters) {
    const vote = votes.get(id);
    if (vote === true) granted += 1;
    if (vote === false) refused += 1;
  }
  const needed = majorityOf(voters.length);
  if (granted >= needed) return 'won';
  return voters.length - refused < needed ? 'lost' : 'pending';
}
