import type { Membership } from './entry.ts';
import { invariant } from './invariant.ts';
import { nodeId, type NodeId } from './ids.ts';

/** A membership entry's payload: rare and small, so readable wins over compact. */
export function encodeMembership(membership: Membership): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(membership));
}

export function decodeMembership(payload: Uint8Array): Membership {
  const value = JSON.parse(new TextDecoder().decode(payload)) as Record<string, unknown>;
  return {
    voters: nodeIds(value['voters']),
    outgoing: nodeIds(value['outgoing']),
    learners: nodeIds(value['learners']),
  };
}

function nodeIds(value: unknown): readonly NodeId[] {
  invariant(Array.isArray(value), 'a membership entry lists its nodes');
  return value.map((id) => nodeId(String(id)));
}

/** Everyone whose vote counts in at least one half. */
export function votersOf(membership: Membership): readonly NodeId[] {
  if (membership.outgoing.length === 0) return membership.voters;
  return [...new Set([...membership.voters, ...membership.outgoing])];
}

/** Everyone who is sent the log. */
export function membersOf(membership: Membership): readonly NodeId[] {
  return [...new Set([...votersOf(membership), ...membership.learners])];
}

export const isVoter = (membership: Membership, id: NodeId): boolean =>
  membership.voters.includes(id) || membership.outgoing.includes(id);
