import type { LineState } from './line-state.ts';

/**
 * What every node knows of every key: the replicated directory, folded from the log alone.
 *
 * It is an upper bound on who has a line: a node may evict one without telling. The states that
 * people are shown follow from it: the owner's line is M while the key is dirty and E once memory
 * agrees; everybody else in `sharers` has S.
 */
export interface DirectoryEntry {
  /** The index of the last write. */
  readonly version: number;
  /** In the log's time; Infinity for a key that does not expire. */
  readonly deadlineMs: number;
  /** The only node that may have a line, or `noOwner`. */
  readonly owner: number;
  /** The nodes that may have a line, one bit each, the owner included. */
  readonly sharers: number;
  /** Memory does not have this version yet; the value stands in the dirty table. */
  readonly dirty: boolean;
  /**
   * False for a key that was dropped while memory may still have it: the deletion is dirty like a
   * write, so that it is flushed after the writes before it, whoever leads by then.
   */
  readonly present: boolean;
}

export const noOwner = -1;

/** A write (`BusRdX`, `BusUpgr`) leaves its node as the only one with a line. */
export function afterWrite(write: {
  readonly node: number;
  readonly version: number;
  readonly deadlineMs?: number;
}): DirectoryEntry {
  return {
    version: write.version,
    deadlineMs: write.deadlineMs ?? Infinity,
    owner: write.node,
    sharers: bit(write.node),
    dirty: true,
    present: true,
  };
}

/** A drop leaves a tombstone until memory has dropped the key too. Nobody has a line. */
export function afterDrop(version: number): DirectoryEntry {
  return {
    version,
    deadlineMs: Infinity,
    owner: noOwner,
    sharers: 0,
    dirty: true,
    present: false,
  };
}

/** A read (`BusRd`): alone it makes the reader the owner; otherwise there is no owner any more. */
export function afterRead(entry: DirectoryEntry, node: number): DirectoryEntry {
  if (!entry.present) {
    return entry;
  }
  const others = entry.sharers & ~bit(node);
  const owner = others === 0 ? node : noOwner;
  const sharers = entry.sharers | bit(node);
  return owner === entry.owner && sharers === entry.sharers ? entry : { ...entry, owner, sharers };
}

/**
 * Memory has `version`: the key is clean, or a tombstone is done with. If that is not the key's
 * version any more, it says nothing about the key.
 */
export function afterFlush(entry: DirectoryEntry, version: number): DirectoryEntry | undefined {
  if (!entry.dirty || entry.version !== version) {
    return entry;
  }
  return entry.present ? { ...entry, dirty: false } : undefined;
}

/** A node is gone, or came back without lines. */
export function afterDeparture(entry: DirectoryEntry, node: number): DirectoryEntry {
  if ((entry.sharers & bit(node)) === 0) {
    return entry;
  }
  const owner = entry.owner === node ? noOwner : entry.owner;
  return { ...entry, owner, sharers: entry.sharers & ~bit(node) };
}

/** Whether a write by `node` is an upgrade of a shared line, or a read for ownership. */
export function writeKindOf(entry: DirectoryEntry | undefined, node: number): 'BusUpgr' | 'BusRdX' {
  return lineStateOf(entry, node) === 'S' ? 'BusUpgr' : 'BusRdX';
}

export function lineStateOf(entry: DirectoryEntry | undefined, node: number): LineState {
  if (entry === undefined || (entry.sharers & bit(node)) === 0) {
    return 'I';
  }
  if (entry.owner !== node) {
    return 'S';
  }
  return entry.dirty ? 'M' : 'E';
}

function bit(node: number): number {
  return 1 << node;
}
