import type { FileSystem, OpenFile } from './file-system.ts';
import { findFrame, frameAt } from './frame.ts';
import { answered, completed } from './promised.ts';
import { decodeRecords } from '../log-record.ts';
import type { LogRecord } from '../log-record.ts';
import { replaceNode, StorageRefusal } from '../reports.ts';
import type { OnStorageReport } from '../reports.ts';
import { decodeSegmentHeader, segmentHeaderBytes, segmentName, segmentNumber } from './segment.ts';
import type { Segment } from './segment.ts';
import { endOfWritten, wasWrittenWhole } from './torn-tail.ts';
import { LogImage } from '../log-image.ts';
import { LiveRanges } from '../live-ranges.ts';

/** What the segments say, frame by frame, once a torn tail is cut off. */
export interface Recovered {
  readonly image: LogImage;
  readonly segments: readonly Segment[];
  readonly nextSequence: number;
  /** A snapshot at least this new must be there, or the log's beginning is lost. */
  readonly floor: number;
}

interface Suspect {
  readonly segment: Segment;
  readonly offset: number;
  readonly bytes: number;
}

/**
 * Replays the log. Frames are written one after another, each after the sync of the one before, so a
 * crash can only spoil the last one: bytes that are no frame are a torn tail if no whole frame comes
 * after them anywhere and they were not written to their end, and damage otherwise. Damage is never skipped, for what it held may have been
 * acknowledged.
 */
export async function recoverSegments(
  fileSystem: FileSystem,
  directory: string,
  report: OnStorageReport,
): Promise<Recovered> {
  const replay = new Replay();
  for (const number of await segmentNumbers(fileSystem, directory)) {
    const path = `${directory}/${segmentName(number)}`;
    replay.addSegment(number, path, await readWhole(fileSystem, path));
  }
  if (replay.suspect !== undefined) await cutTornTail(fileSystem, replay.suspect, report);
  return {
    image: replay.image,
    segments: replay.ranges.stretches,
    nextSequence: replay.nextSequence ?? 1,
    floor: replay.floor,
  };
}

class Replay {
  readonly image = new LogImage('anywhere');
  readonly ranges = new LiveRanges<Segment>();
  nextSequence: number | undefined;
  floor = 0;
  suspect: Suspect | undefined;

  addSegment(number: number, path: string, bytes: Buffer): void {
    const salt = decodeSegmentHeader(bytes, number);
    if (salt === undefined) {
      throw new StorageRefusal(path, 0, 'the header of this segment is damaged', replaceNode);
    }
    const position = segmentHeaderBytes;
    const segment: Segment = { number, path, salt, lastIndex: 0, frames: 0, position };
    this.ranges.stretches.push(segment);
    this.replayFrames(segment, bytes);
    const endOffset = segment.position;
    if (endOfWritten(bytes, endOffset) === endOffset) return;
    const following = findFrame(bytes, endOffset, salt);
    if (following !== undefined) refuseDamage(path, endOffset, `${path} at offset ${following}`);
    if (wasWrittenWhole(bytes, endOffset, salt)) refuseDamagedEnd(path, endOffset);
    this.suspect ??= { segment, offset: endOffset, bytes: bytes.length - endOffset };
  }

  private replayFrames(segment: Segment, bytes: Buffer): void {
    let offset = segmentHeaderBytes;
    for (
      let frame = frameAt(bytes, offset, segment.salt);
      frame !== undefined;
      frame = frameAt(bytes, offset, segment.salt)
    ) {
      if (this.suspect !== undefined) {
        const { segment: damaged, offset: at } = this.suspect;
        refuseDamage(damaged.path, at, `${segment.path} at offset ${offset}`);
      }
      this.nextSequence ??= frame.sequence;
      if (frame.sequence !== this.nextSequence) {
        throw new StorageRefusal(
          segment.path,
          offset,
          `frame ${this.nextSequence} of the log is missing, frame ${frame.sequence} stands here`,
          replaceNode,
        );
      }
      for (const record of decodeRecords(frame.payload)) this.apply(record, segment);
      this.nextSequence++;
      segment.frames++;
      offset = frame.endOffset;
      segment.position = offset;
    }
  }

  private apply(record: LogRecord, segment: Segment): void {
    this.floor = Math.max(this.floor, record.floor ?? 0);
    this.image.apply({ ...record, id: 0, thenSend: [] });
    this.ranges.note(record, segment);
  }
}

function refuseDamage(path: string, offset: number, following: string): never {
  throw new StorageRefusal(
    path,
    offset,
    `damaged: no whole frame stands here, yet one follows (${following}), so this is not the torn ` +
      'end of a last write',
    replaceNode,
  );
}

function refuseDamagedEnd(path: string, offset: number): never {
  throw new StorageRefusal(
    path,
    offset,
    'damaged: the last frame was written to its end and its checksum is wrong, so this is not a ' +
      'write that was cut short, and what it held may have been acknowledged',
    replaceNode,
  );
}

/** Durable before anything is written after it, or the next start would find damage. */
async function cutTornTail(
  fileSystem: FileSystem,
  { segment, offset, bytes }: Suspect,
  report: OnStorageReport,
): Promise<void> {
  const file = await answered<OpenFile>((done) => fileSystem.open(segment.path, 'write', done));
  await completed((done) => file.truncate(offset, done));
  await completed((done) => file.sync(done));
  await completed((done) => file.close(done));
  report({ kind: 'torn-tail-cut', file: segment.path, offset, bytes });
}

async function segmentNumbers(fileSystem: FileSystem, directory: string): Promise<number[]> {
  const names = await answered<readonly string[]>((done) => fileSystem.list(directory, done));
  const numbers = names
    .map(segmentNumber)
    .filter((number) => number !== undefined)
    .sort((a, b) => a - b);
  numbers.forEach((number, i) => {
    const expected = numbers[0]! + i;
    if (number === expected) return;
    const missing = `${directory}/${segmentName(expected)}`;
    throw new StorageRefusal(missing, undefined, 'this segment of the log is missing', replaceNode);
  });
  return numbers;
}

export async function readWhole(fileSystem: FileSystem, path: string): Promise<Buffer> {
  const file = await answered<OpenFile>((done) => fileSystem.open(path, 'read', done));
  try {
    const size = await answered<number>((done) => file.size(done));
    const bytes = Buffer.allocUnsafeSlow(size);
    const read = await answered<number>((done) => file.read(bytes, 0, done));
    return bytes.subarray(0, read);
  } finally {
    await completed((done) => file.close(done));
  }
}
