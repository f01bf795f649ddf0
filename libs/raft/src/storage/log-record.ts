import type { Entry, HardState, SnapshotMeta } from '../core/entry.ts';
import { nodeId, term } from '../core/ids.ts';
import { decodeEntries, encodeEntries } from '../wire/entries.ts';
import { decodeSnapshotMeta, encodeSnapshotMeta } from './snapshot-meta.ts';

/**
 * One durable write as it stands in a frame:
 *
 *   flags u8 · [floor u48] · [term u48 · vote length u16 · vote] · [meta length u32 · meta]
 *            · [run length u32 · encoded run]
 *
 * `floor`, in the first record of every segment: a snapshot up to at least this index exists, since
 * the log before it may have been dropped.
 */
export interface LogRecord {
  readonly floor: number | undefined;
  readonly hardState: HardState | undefined;
  readonly install: SnapshotMeta | undefined;
  readonly keepSuffix: boolean;
  readonly entries: readonly Entry[];
}

const hasHardState = 1;
const hasInstall = 2;
const keepsSuffix = 4;
const hasEntries = 8;
const hasFloor = 16;

/** A record of nothing, as one byte that is not zero. */
export const emptyRecord: Uint8Array = Uint8Array.of(keepsSuffix);

/** Appends the record to `out`: its head in a small buffer, its entries as they already are. */
export function encodeRecord(
  record: Omit<LogRecord, 'floor'>,
  out: Uint8Array[],
  floor?: number,
): void {
  const { hardState, install, entries } = record;
  const run = entries.length > 0 ? encodeEntries(entries) : undefined;
  const vote = hardState?.vote === undefined ? undefined : Buffer.from(hardState.vote);
  const meta = install === undefined ? undefined : encodeSnapshotMeta(install);
  const head = Buffer.allocUnsafe(27 + (vote?.length ?? 0) + (meta?.length ?? 0));
  let at = head.writeUInt8(
    (hardState === undefined ? 0 : hasHardState) |
      (meta === undefined ? 0 : hasInstall) |
      (record.keepSuffix ? keepsSuffix : 0) |
      (run === undefined ? 0 : hasEntries) |
      (floor === undefined ? 0 : hasFloor),
    0,
  );
  if (floor !== undefined) at = head.writeUIntBE(floor, at, 6);
  if (hardState !== undefined) {
    at = head.writeUIntBE(hardState.term, at, 6);
    at = head.writeUInt16BE(vote?.length ?? 0, at);
    if (vote !== undefined) at += vote.copy(head, at);
  }
  if (meta !== undefined) {
    at = head.writeUInt32BE(meta.length, at);
    at += meta.copy(head, at);
  }
  if (run !== undefined) at = head.writeUInt32BE(run.length, at);
  out.push(head.subarray(0, at));
  if (run !== undefined) out.push(run);
}

/** All records of a frame's payload; the frame's checksum has been verified. */
export function decodeRecords(payload: Buffer): LogRecord[] {
  const records: LogRecord[] = [];
  let at = 0;
  const take = (length: number): Buffer => {
    const bytes = payload.subarray(at, at + length);
    at += length;
    return bytes;
  };
  while (at < payload.length) {
    const flags = take(1).readUInt8();
    const floor = flags & hasFloor ? take(6).readUIntBE(0, 6) : undefined;
    const hardState = flags & hasHardState ? takeHardState(take) : undefined;
    const install =
      flags & hasInstall ? decodeSnapshotMeta(take(take(4).readUInt32BE())) : undefined;
    const entries = flags & hasEntries ? decodeEntries(take(take(4).readUInt32BE())) : [];
    records.push({
      floor,
      hardState,
      install,
      keepSuffix: (flags & keepsSuffix) !== 0,
      entries,
    });
  }
  return records;
}

function takeHardState(take: (length: number) => Buffer): HardState {
  const inTerm = term(take(6).readUIntBE(0, 6));
  const voteLength = take(2).readUInt16BE();
  return { term: inTerm, vote: voteLength === 0 ? undefined : nodeId(take(voteLength).toString()) };
}
