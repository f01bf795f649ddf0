import type { Entry, EntryKind } from '../core/entry.ts';
import { logIndex, term } from '../core/ids.ts';

/**
 * A run of entries as bytes: what the log on disk holds is what a follower is sent. A run is encoded
 * once, by whoever made the array, and remembered by the array's identity; a decoded run remembers
 * the bytes it came from. So a payload passes through a follower to its disk without being copied.
 *
 *   count u32 · entry*      entry: kind u8 · index u48 · term u48 · atMs f64 · length u32 · payload
 */
const encodedRuns = new WeakMap<readonly Entry[], Uint8Array>();

const headerBytes = 1 + 6 + 6 + 8 + 4;
const kinds: readonly EntryKind[] = ['noop', 'command', 'membership'];
const kindCode: Readonly<Record<EntryKind, number>> = { noop: 0, command: 1, membership: 2 };

export const encodedBytes = (entry: Entry): number => headerBytes + entry.payload.length;

export function encodeEntries(entries: readonly Entry[]): Uint8Array {
  const known = encodedRuns.get(entries);
  if (known !== undefined) return known;
  let size = 4;
  for (const entry of entries) size += encodedBytes(entry);
  const out = Buffer.allocUnsafe(size);
  let at = out.writeUInt32BE(entries.length, 0);
  for (const entry of entries) {
    at = out.writeUInt8(kindCode[entry.kind], at);
    at = out.writeUIntBE(entry.index, at, 6);
    at = out.writeUIntBE(entry.term, at, 6);
    at = out.writeDoubleBE(entry.atMs, at);
    at = out.writeUInt32BE(entry.payload.length, at);
    out.set(entry.payload, at);
    at += entry.payload.length;
  }
  encodedRuns.set(entries, out);
  return out;
}

/** Throws a `RangeError` when the bytes are not a whole run. */
export function decodeEntries(bytes: Uint8Array): readonly Entry[] {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.readUInt32BE(0);
  const entries: Entry[] = [];
  let at = 4;
  for (let i = 0; i < count; i++) {
    const kind = kinds[view.readUInt8(at)];
    const length = view.readUInt32BE(at + 21);
    const end = at + headerBytes + length;
    if (kind === undefined || end > view.length) throw new RangeError('not a run of entries');
    entries.push({
      index: logIndex(view.readUIntBE(at + 1, 6)),
      term: term(view.readUIntBE(at + 7, 6)),
      atMs: view.readDoubleBE(at + 13),
      kind,
      payload: view.subarray(at + headerBytes, end),
    });
    at = end;
  }
  if (at !== view.length) throw new RangeError('not a run of entries');
  encodedRuns.set(entries, bytes);
  return entries;
}
