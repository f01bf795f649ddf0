import type { DirectoryEntry } from '@quorate/mesi';
import type { NodeId, SnapshotTableOptions } from '@quorate/raft';
import { pack, unpack } from './packed.ts';
import { KeyRecord } from './key-record.ts';
import type { NumberedNode } from './node-numbers.ts';
import type { CacheItem } from './value.ts';

type Row = readonly [
  key: string,
  version: number,
  /** Absent for a key that does not expire: Infinity takes nine bytes, nothing takes one. */
  deadlineMs: number | null,
  owner: number,
  sharers: number,
  dirty: boolean,
  present: boolean,
  touchedAt: number,
  item: readonly [writtenAtMs: number, type: string, bytes: Uint8Array] | null,
];

/** How a key stands in a snapshot. Sums, the heap and the order of use follow from it. */
export const recordCodec: SnapshotTableOptions<string, KeyRecord> = {
  encode: (key, { entry, touchedAt, item }) =>
    pack([
      key,
      entry.version,
      entry.deadlineMs === Infinity ? null : entry.deadlineMs,
      entry.owner,
      entry.sharers,
      entry.dirty,
      entry.present,
      touchedAt,
      item === undefined ? null : [item.writtenAtMs, item.value.type, item.value.bytes],
    ] satisfies Row),
  decode(bytes) {
    const [key, version, deadline, owner, sharers, dirty, present, touchedAt, item] = unpack(
      bytes,
    ) as Row;
    const entry: DirectoryEntry = {
      version,
      deadlineMs: deadline ?? Infinity,
      owner,
      sharers,
      dirty,
      present,
    };
    return [key, new KeyRecord(key, entry, touchedAt, itemOf(entry, item))];
  },
};

function itemOf(entry: DirectoryEntry, row: Row[8]): CacheItem | undefined {
  if (row === null) return undefined;
  const [writtenAtMs, type, bytes] = row;
  const { version, deadlineMs } = entry;
  // The bytes are a view into a piece of the snapshot, which must not be kept for their sake.
  return { version, writtenAtMs, deadlineMs, value: { type, bytes: new Uint8Array(bytes) } };
}

/** What is not in the table. */
export interface LooseRecord {
  readonly name: string;
  readonly index: number;
  readonly atMs: number;
  readonly hasFlushed: boolean;
  readonly nodes: readonly (readonly [id: NodeId, departedAt: number, isGone: boolean])[];
}

export const nodeRow = ({ id, departedAt, isGone }: NumberedNode) =>
  [id, departedAt, isGone] as const;
