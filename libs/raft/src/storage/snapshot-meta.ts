import type { SnapshotMeta } from '../core/entry.ts';
import { logIndex, nodeId, term } from '../core/ids.ts';

/** Rarely written and short, so it is text: an operator can read it in a hex dump. */
export const encodeSnapshotMeta = (meta: SnapshotMeta): Buffer => Buffer.from(JSON.stringify(meta));

/** Only what `encodeSnapshotMeta` made, and a checksum has passed, comes here. */
export function decodeSnapshotMeta(bytes: Uint8Array): SnapshotMeta {
  const raw = JSON.parse(Buffer.from(bytes).toString()) as {
    index: number;
    term: number;
    atMs: number;
    membership: Record<'voters' | 'outgoing' | 'learners', string[]>;
  };
  return {
    index: logIndex(raw.index),
    term: term(raw.term),
    atMs: raw.atMs,
    membership: {
      voters: raw.membership.voters.map(nodeId),
      outgoing: raw.membership.outgoing.map(nodeId),
      learners: raw.membership.learners.map(nodeId),
    },
  };
}
