export { invalidates, nodesMax, type BusTransaction, type BusTransactionKind } from './bus.ts';
export {
  afterDeparture,
  afterDrop,
  afterFlush,
  afterRead,
  afterWrite,
  lineStateOf,
  noOwner,
  writeKindOf,
  type DirectoryEntry,
} from './directory.ts';
export { acceptsFlush, type FlushFence, type FlushToken, type FlushWrite } from './flush-fence.ts';
export {
  eventAtAppend,
  lineTransitions,
  nextLineState,
  type LineEvent,
  type LineState,
} from './line-state.ts';
export { indexRevealed, SettledQueue } from './settled-queue.ts';
export { Snoop, type Fill, type Grant, type LineEffect } from './snoop.ts';
