import type { Timed } from './deadlines.ts';
import type { Caller } from './events.ts';
import type { FencingToken, WaitId } from './ids.ts';
import type { Line } from './line.ts';
import type { Mode } from './modes.ts';

/**
 * What the table is made of. Holds, waits, tickets and delays are records: they stand in snapshots
 * and are changed only through their tables. Locks and clients are indexes over them, rebuilt when a
 * snapshot is restored; they exist while a record names them.
 */
export interface Hold extends Timed {
  readonly kind: 'hold';
  readonly lock: Lock;
  readonly client: Client;
  mode: Mode;
  token: FencingToken;
  ttlMs: number;
  /** How long the key stays free if this hold ends by expiry. */
  lockDelayMs: number;
  /**
   * The only call that was told of this grant. When that call is known to have gone, nobody knows
   * of the grant and it is taken back. Undefined as soon as anybody else has been told.
   */
  caller: Caller | undefined;
  /** The grant waits to be asked for under this ticket. */
  ticket: Ticket | undefined;
  /** What to go back to when a conversion that nobody knows of is taken back. */
  former: { readonly mode: Mode; readonly token: FencingToken } | undefined;
}

/** A request that could not be granted at once. It stands in the line of each of its keys. */
export interface Wait extends Timed {
  readonly kind: 'wait';
  readonly id: WaitId;
  readonly client: Client;
  readonly places: readonly Place[];
  /** A convert goes exactly to its mode; an acquire to the weakest that also covers what is held. */
  readonly exact: boolean;
  /** Undefined: what the hold was granted with. */
  readonly ttlMs: number | undefined;
  readonly lockDelayMs: number | undefined;
  /** Whoever is parked with it. A wait without callers and without a ticket has ended. */
  callers: readonly Caller[];
  /** Set where a ticket was given: until when it must be asked for again. */
  askByMs: number | undefined;
  /** All its callers are on nodes that are gone: it keeps its place, stops nobody, is not granted. */
  suspended: boolean;
}

/** Where a wait stands in the line of one key. */
export interface Place {
  readonly wait: Wait;
  readonly lock: Lock;
  readonly mode: Mode;
  /** It began while its client held the key: when that hold ends, so does the wait. */
  readonly converts: boolean;
  /** In the first line (conversions) rather than the second (arrivals). */
  first: boolean;
  /** Grows from the head of a line to its tail. */
  order: number;
  /** Linked into the line: false while the wait is suspended. */
  standing: boolean;
  ahead: Place | undefined;
  behind: Place | undefined;
  /** The next place of the same client at the same key (it may ask for several modes at once). */
  sibling: Place | undefined;
  entwined: boolean;
}

/** A grant to a ticket. It is kept while one of its holds lives, so that the answer can be repeated. */
export interface Ticket extends Timed {
  readonly kind: 'ticket';
  readonly id: WaitId;
  readonly client: string;
  readonly holds: Set<Hold>;
}

/** After an expiry that asked for it, nobody gets the key for a while. */
export interface Delay extends Timed {
  readonly kind: 'delay';
  readonly lock: Lock;
}

export type Ending = Hold | Wait | Ticket | Delay;

export interface Lock {
  readonly key: string;
  readonly holds: Set<Hold>;
  /** How many hold each mode, by ordinal; and the modes held by anyone. */
  readonly held: number[];
  heldMask: number;
  line: Line | undefined;
  /** Suspended ones too. */
  placeCount: number;
  delay: Delay | undefined;
}

export interface Client {
  readonly id: string;
  readonly holds: Map<Lock, Hold>;
  readonly waits: Set<Wait>;
  /** The first of its places at a key; the others follow as siblings. */
  readonly places: Map<Lock, Place>;
}
