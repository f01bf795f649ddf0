import type { Effects, ReadReady } from './effects.ts';
import type { Entry, SnapshotMeta } from './entry.ts';
import type { LogIndex, NodeId } from './ids.ts';
import type { AppendAnswer, Envelope, Message } from './message.ts';

type ReadChunk = Effects['readChunk'][number];
type StoreChunk = Effects['storeChunk'][number];

/** What has been decided and not yet been taken by the driver. */
export interface Outbox {
  send: Envelope[];
  thenSend: Envelope[];
  /**
   * Entries appended and not yet given to the disk. On a follower this is the leader's own array as
   * long as one append fills it, so that it is neither copied nor encoded again.
   */
  unwritten: readonly Entry[];
  /** Whether `unwritten` is ours to push to. */
  unwrittenOwned: boolean;
  install: { readonly meta: SnapshotMeta; readonly keepSuffix: boolean } | undefined;
  restore: SnapshotMeta | undefined;
  compact: LogIndex | undefined;
  reads: ReadReady[];
  readChunk: ReadChunk[];
  storeChunk: StoreChunk[];
  /** One answer for all the appends of a batch: the last one says it all. */
  appendAnswer: { readonly to: NodeId; readonly answer: AppendAnswer } | undefined;
}

export const emptyOutbox = (): Outbox => ({
  send: [],
  thenSend: [],
  unwritten: [],
  unwrittenOwned: true,
  install: undefined,
  restore: undefined,
  compact: undefined,
  reads: [],
  readChunk: [],
  storeChunk: [],
  appendAnswer: undefined,
});

export const isEmpty = (outbox: Outbox): boolean =>
  outbox.send.length === 0 &&
  outbox.thenSend.length === 0 &&
  outbox.unwritten.length === 0 &&
  outbox.install === undefined &&
  outbox.restore === undefined &&
  outbox.compact === undefined &&
  outbox.reads.length === 0 &&
  outbox.readChunk.length === 0 &&
  outbox.storeChunk.length === 0 &&
  outbox.appendAnswer === undefined;

export function post(outbox: Outbox, to: NodeId, message: Message): void {
  outbox.send.push({ to, message });
}

/** Adds an array that nobody will change any more. */
export function writeRun(outbox: Outbox, entries: readonly Entry[]): void {
  if (outbox.unwritten.length === 0) {
    outbox.unwritten = entries;
    outbox.unwrittenOwned = false;
  } else {
    for (const entry of entries) writeEntry(outbox, entry);
  }
}

export function writeEntry(outbox: Outbox, entry: Entry): void {
  if (!outbox.unwrittenOwned) {
    outbox.unwritten = outbox.unwritten.slice();
    outbox.unwrittenOwned = true;
  }
  (outbox.unwritten as Entry[]).push(entry);
}

/** Entries that were cut off before the disk saw them need not be written. */
export function keepUnwritten(outbox: Outbox, keep: (entry: Entry) => boolean): void {
  outbox.unwritten = outbox.unwritten.filter(keep);
  outbox.unwrittenOwned = true;
}
