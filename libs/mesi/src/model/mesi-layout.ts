import type { LineState } from '../line-state.ts';

export const nodeCount = 3;
export const flightCount = 2;

export const kinds = { none: 0, read: 1, write: 2, drop: 3, flush: 4 } as const;

/** Line states by the byte that stands for them. */
export const lineStates: readonly LineState[] = ['I', 'S', 'E', 'M'];

export const flightPhases = { none: 0, underWay: 1, landed: 2 } as const;

/** Where each field of the line model lies in the bytes of a state. Versions are log indexes. */
export class MesiLayout {
  readonly bytes: number;

  readonly length = 0;
  readonly committed = 1;
  readonly settled = 2;
  readonly term = 3;
  readonly leader = 4;
  /** The newest term that memory has seen. */
  readonly fenceTerm = 5;
  readonly restarts = 6;
  /** How much log the leader had when it was elected: what it has to apply before it may flush. */
  readonly electedWith = 7;

  /** The log: one byte an entry, see `entryOf`. */
  readonly entries: number;
  // Per key.
  /** The newest version that any answer has shown. */
  readonly revealed: number;
  /** The version memory has; 0 for none. */
  readonly memory: number;
  // Per node.
  readonly appended: number;
  readonly applied: number;
  /** 1 while the node's local-read lease is valid. */
  readonly serving: number;
  // Per node and key.
  readonly line: number;
  readonly lineVersion: number;
  /** The entry that gave the line its present state. */
  readonly grantedAt: number;
  /** The index of the read that a value is being fetched for; 0 for none. */
  readonly fill: number;
  /** What was fetched: 0 for nothing yet, else the version plus 1. */
  readonly fetched: number;
  /** 1 if the value, when it comes, may not be kept. */
  readonly fillCancelled: number;
  // Writes to memory under way.
  readonly flightPhase: number;
  readonly flightKey: number;
  readonly flightTerm: number;
  readonly flightVersion: number;

  readonly #keys: number;

  constructor(keys: number, entriesMax: number) {
    this.#keys = keys;
    let next = 8;
    const take = (count: number) => (next += count) - count;
    this.entries = take(entriesMax);
    this.revealed = take(keys);
    this.memory = take(keys);
    this.appended = take(nodeCount);
    this.applied = take(nodeCount);
    this.serving = take(nodeCount);
    const perLine = () => take(nodeCount * keys);
    this.line = perLine();
    this.lineVersion = perLine();
    this.grantedAt = perLine();
    this.fill = perLine();
    this.fetched = perLine();
    this.fillCancelled = perLine();
    this.flightPhase = take(flightCount);
    this.flightKey = take(flightCount);
    this.flightTerm = take(flightCount);
    this.flightVersion = take(flightCount);
    this.bytes = next;
  }

  /** The offset of a node's line of a key within each of the fields kept per line. */
  cell(node: number, key: number): number {
    return node * this.#keys + key;
  }
}

/** One entry of the log in a byte. `argument` is the node of a read or write, or the version flushed. */
export function packEntry(kind: number, key: number, argument: number): number {
  return kind | (key << 3) | (argument << 4);
}

export const deadBit = 0x80;

export function kindOf(entry: number): number {
  return entry & 7;
}

export function keyOf(entry: number): number {
  return (entry >> 3) & 1;
}

export function argumentOf(entry: number): number {
  return (entry >> 4) & 7;
}

/** Whether a new leader cut the entry off. It keeps its place, so that an index names one entry. */
export function isDead(entry: number): boolean {
  return (entry & deadBit) !== 0;
}
