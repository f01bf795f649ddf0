import type { BusTransactionKind } from './bus.ts';

/**
 * The state of a key's line on one node (Papamarcos and Patel, 1984; the Illinois protocol):
 *
 * - `M`: this node has the newest value, and memory is behind it. Not "the only copy": until memory
 *   has caught up the value stands in the replicated dirty table, and killing this node loses nothing.
 * - `E`: the only line, and memory agrees.
 * - `S`: one of several lines.
 * - `I`: none.
 */
export type LineState = 'M' | 'E' | 'S' | 'I';

/**
 * What can happen to a line: a transaction of its own node (`own`) or of another (`other`), with
 * what the directory grants where that is open; memory catching up; or a local eviction.
 */
export type LineEvent =
  | 'own-read-alone'
  | 'own-read-shared'
  | 'own-write'
  | 'other-read'
  | 'other-write'
  | 'flush'
  | 'drop'
  | 'evict';

type Row = Readonly<Record<LineEvent, LineState>>;

/**
 * The whole protocol of a line. A line that moves from M to S on a foreign read takes its dirtiness
 * to the directory; a `flush` of a version the line does not have never reaches this table.
 */
export const lineTransitions: Readonly<Record<LineState, Row>> = {
  M: row({ alone: 'M', shared: 'S', read: 'S', flush: 'E' }),
  E: row({ alone: 'E', shared: 'S', read: 'S', flush: 'E' }),
  S: row({ alone: 'E', shared: 'S', read: 'S', flush: 'S' }),
  I: row({ alone: 'E', shared: 'S', read: 'I', flush: 'I' }),
};

function row(open: {
  readonly alone: LineState;
  readonly shared: LineState;
  readonly read: LineState;
  readonly flush: LineState;
}): Row {
  return {
    'own-read-alone': open.alone,
    'own-read-shared': open.shared,
    'own-write': 'M',
    'other-read': open.read,
    'other-write': 'I',
    flush: open.flush,
    drop: 'I',
    evict: 'I',
  };
}

export function nextLineState(state: LineState, event: LineEvent): LineState {
  return lineTransitions[state][event];
}

/**
 * What a transaction is to a node that appends it, before anything is committed. Reads and writes
 * take effect at once: the acknowledgement of the append is the acknowledgement of the
 * invalidation. Only what takes away is done here; what gives (an own write's M, a read's S or E,
 * a flush's E) waits until the entry is applied. An entry that is cut off later has cost a miss.
 */
export function eventAtAppend(kind: BusTransactionKind, isOwn: boolean): LineEvent | undefined {
  switch (kind) {
    case 'BusRdX':
    case 'BusUpgr':
      return 'other-write';
    case 'Drop':
      return 'drop';
    case 'BusRd':
      return isOwn ? undefined : 'other-read';
    case 'Flush':
      return undefined;
  }
}
