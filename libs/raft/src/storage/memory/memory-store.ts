import type { DurableWrite } from '../../core/effects.ts';
import type { DurableState, SnapshotMeta } from '../../core/entry.ts';
import type { LogIndex } from '../../core/ids.ts';
import { invariant } from '../../core/invariant.ts';
import { closedStore } from '../health.ts';
import { LogImage } from '../log-image.ts';
import type { Done, LogStore, ReadDone, SnapshotWriter } from '../log-store.ts';

/** What a memory store holds; hand the same to another store and it has "restarted". */
export interface MemoryLog {
  image: LogImage;
  snapshotBytes: Uint8Array;
}

export const createMemoryLog = (): MemoryLog => ({
  image: new LogImage(),
  snapshotBytes: new Uint8Array(0),
});

/**
 * For tests and for clusters that may be thrown away: a node that restarts has forgotten its votes,
 * so it must come back under another name. It completes asynchronously as a disk does, a batch of
 * whatever arrived in one turn of the event loop, lest code that relies on it fail on a disk.
 */
export function openMemoryStore(log: MemoryLog = createMemoryLog()): LogStore {
  return new MemoryStore(log);
}

class MemoryStore implements LogStore {
  readonly full = false;
  private readonly log: MemoryLog;
  private closed = false;
  private waiting: { write: DurableWrite; done: Done }[] = [];

  constructor(log: MemoryLog) {
    this.log = log;
  }

  load(): Promise<DurableState> {
    const durable = this.log.image.durableState();
    const image = new LogImage();
    image.hardState = durable.hardState;
    image.snapshot = durable.snapshot;
    image.firstIndex = durable.entries[0]?.index ?? (durable.snapshot?.index ?? 0) + 1;
    image.overwrite(durable.entries);
    this.log.image = image;
    return Promise.resolve(durable);
  }

  write(write: DurableWrite, done: Done): void {
    if (this.closed) {
      queueMicrotask(() => done(closedStore));
      return;
    }
    if (this.waiting.length === 0) setImmediate(() => this.complete());
    this.waiting.push({ write, done });
  }

  compact(index: LogIndex): void {
    this.log.image.compact(index);
  }

  createSnapshot(meta: SnapshotMeta): SnapshotWriter {
    const pieces: Uint8Array[] = [];
    let open = true;
    return {
      append: (bytes, done) => {
        invariant(open, 'a snapshot is appended to before it is finished or aborted');
        pieces.push(Uint8Array.from(bytes));
        setImmediate(done);
      },
      finish: (done) => {
        invariant(open, 'a snapshot is finished or aborted once');
        open = false;
        setImmediate(() => {
          const { image } = this.log;
          if (image.snapshot === undefined || meta.index > image.snapshot.index) {
            image.adopt(meta);
            this.log.snapshotBytes = Buffer.concat(pieces);
          }
          done();
        });
      },
      abort: () => {
        open = false;
      },
    };
  }

  readSnapshot(index: LogIndex, offset: number, bytesMax: number, done: ReadDone): void {
    setImmediate(() => {
      const { image, snapshotBytes } = this.log;
      if (image.snapshot?.index !== index) {
        done({ bytes: undefined, last: false });
        return;
      }
      const bytes = snapshotBytes.subarray(offset, offset + bytesMax);
      done({ bytes, last: offset + bytes.length >= snapshotBytes.length });
    });
  }

  close(): Promise<void> {
    this.closed = true;
    return new Promise((resolve) => setImmediate(resolve));
  }

  private complete(): void {
    const completed = this.waiting;
    this.waiting = [];
    for (const { write } of completed) this.log.image.apply(write);
    for (const { done } of completed) done();
  }
}
