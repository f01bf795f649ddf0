import { crc32 } from 'node:zlib';
import { decodeRecords } from '../log-record.ts';
import type { LogRecord } from '../log-record.ts';
import { replaceNode, StorageRefusal } from '../reports.ts';

/** An element of the log list: crc u32 · records. Redis keeps no checksum of its own in memory. */
export function sealElement(records: readonly Uint8Array[]): Buffer {
  const element = Buffer.concat([Buffer.allocUnsafe(4), ...records]);
  element.writeUInt32BE(crc32(element.subarray(4)), 0);
  return element;
}

export function openElement(element: Buffer, key: string, number: number): LogRecord[] {
  if (element.length >= 4 && crc32(element.subarray(4)) === element.readUInt32BE(0)) {
    return decodeRecords(element.subarray(4));
  }
  throw new StorageRefusal(key, number, 'this element of the log is damaged', replaceNode);
}
