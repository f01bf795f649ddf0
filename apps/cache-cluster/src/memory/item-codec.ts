import { Packr } from 'msgpackr';
import type { MemoryItem } from './memory.ts';

const packr = new Packr({ useRecords: false });

/** Digits of the version in front, so that the script can compare it without reading the rest. */
export const versionDigits = 16;

export const versionText = (version: number): string =>
  String(version).padStart(versionDigits, '0');

type Row = readonly [
  writtenAtMs: number,
  deadlineMs: number | null,
  type: string,
  bytes: Uint8Array,
];

/** A value as it stands in Redis: its version as digits, then all else. */
export function encodeItem({ version, writtenAtMs, deadlineMs, value }: MemoryItem): Buffer {
  const deadline = deadlineMs === Infinity ? null : deadlineMs;
  const rest = packr.pack([writtenAtMs, deadline, value.type, value.bytes] satisfies Row);
  return Buffer.concat([Buffer.from(versionText(version), 'latin1'), rest]);
}

/** `undefined`: these bytes are not ours. */
export function decodeItem(stored: Buffer): MemoryItem | undefined {
  const version = Number(stored.toString('latin1', 0, versionDigits));
  if (!Number.isSafeInteger(version) || version <= 0) return undefined;
  try {
    const row = packr.unpack(stored.subarray(versionDigits)) as Row;
    const [writtenAtMs, deadlineMs, type, bytes] = row;
    if (typeof type !== 'string' || !(bytes instanceof Uint8Array)) return undefined;
    // A view into all that Redis answered at once, which must not be kept for the sake of one value.
    const value = { type, bytes: new Uint8Array(bytes) };
    return { version, writtenAtMs, deadlineMs: deadlineMs ?? Infinity, value };
  } catch {
    return undefined;
  }
}
