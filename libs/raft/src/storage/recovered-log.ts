import type { DurableState, SnapshotMeta } from '../core/entry.ts';
import type { LogImage } from './log-image.ts';
import type { LogRecord } from './log-record.ts';
import { replaceNode, StorageRefusal } from './reports.ts';

/**
 * A log that does not begin at 1 needs a snapshot of what came before. `image` is the replayed log
 * alone; `floor` is what its writer had dropped.
 */
export function refuseLostBeginning(
  where: string,
  image: LogImage,
  snapshot: SnapshotMeta | undefined,
  floor: number,
): void {
  const snapshotIndex = snapshot?.index ?? 0;
  const begins = image.entries.length > 0 ? image.firstIndex - 1 : 0;
  const needed = Math.max(begins, image.snapshot?.index ?? 0, floor);
  if (needed <= snapshotIndex) return;
  throw new StorageRefusal(
    where,
    undefined,
    `the log needs a snapshot up to ${needed}, and the newest there is ends at ${snapshotIndex}`,
    replaceNode,
  );
}

/** Writes down what the load decided (see `LogImage.durableState`), in front of what follows it. */
export function preludeOf(image: LogImage, durable: DurableState): LogRecord | undefined {
  const dropped = durable.snapshot !== undefined && durable.entries.length < image.entries.length;
  const unanchored = durable.entries.length === 0 && durable.snapshot !== undefined;
  if (!dropped && !unanchored) return undefined;
  return {
    floor: undefined,
    hardState: durable.hardState,
    install: durable.snapshot,
    keepSuffix: false,
    entries: [],
  };
}
