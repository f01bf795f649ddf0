import type { FencingToken, WaitId } from './ids.ts';
import type { Mode } from './modes.ts';

export interface KeyMode {
  readonly key: string;
  readonly mode: Mode;
}

/**
 * `call` numbers the request on the node where it came in (unique in that life of the node, above
 * zero): with the entry's origin it names the one who is parked there, and events name them back.
 */
export type LockCommand =
  | AcquireCommand
  | ConvertCommand
  | ReleaseCommand
  | RenewCommand
  | TicketCommand
  | CancelCommand
  | LeaveCommand
  | ReserveKeyCommand
  | DeleteKeyCommand;

/** All of the keys or none. In a key already held, the mode becomes the weakest that covers both. */
export interface AcquireCommand {
  readonly kind: 'acquire';
  readonly client: string;
  readonly keys: readonly KeyMode[];
  readonly ttlMs: number;
  /** 0 tries once. */
  readonly waitMs: number;
  /** Where it would have to wait beyond `waitMs`, it stands in line under a ticket. */
  readonly queue: boolean;
  /** Left out: none for a new hold, unchanged for an old one. */
  readonly lockDelayMs?: number | undefined;
  readonly call: number;
}

/** Exactly to `mode`, up or down, in keys that are held. */
export interface ConvertCommand {
  readonly kind: 'convert';
  readonly client: string;
  readonly keys: readonly string[];
  readonly mode: Mode;
  readonly waitMs: number;
  readonly call: number;
}

export interface ReleaseCommand {
  readonly kind: 'release';
  readonly client: string;
  readonly keys: readonly string[];
  readonly token?: FencingToken | undefined;
}

export interface RenewCommand {
  readonly kind: 'renew';
  readonly client: string;
  /** Left out: everything the client holds. */
  readonly keys?: readonly string[] | undefined;
  /** Left out: what each hold was granted with. */
  readonly ttlMs?: number | undefined;
  readonly token?: FencingToken | undefined;
}

/** Asks what became of a ticket, and so keeps it in line. */
export interface TicketCommand {
  readonly kind: 'ticket';
  readonly ticket: WaitId;
  readonly waitMs: number;
  readonly call: number;
}

/** A user gives up a place: for all who are parked with it. */
export type CancelCommand =
  | { readonly kind: 'cancel'; readonly ticket: WaitId }
  | { readonly kind: 'cancel'; readonly client: string; readonly key: string };

/**
 * A node says that the caller of one of its requests has gone (the connection broke, or its answer
 * had to be `outcome_unknown`). Its wait ends, unless others are parked with it; a grant that only
 * this call knew of is taken back.
 */
export interface LeaveCommand {
  readonly kind: 'leave';
  readonly client: string;
  readonly keys: readonly string[];
  readonly call: number;
}

/** From now on the key belongs to the Ricart–Agrawala module, until it is deleted. */
export interface ReserveKeyCommand {
  readonly kind: 'reserve-key';
  readonly key: string;
}

export interface DeleteKeyCommand {
  readonly kind: 'delete-key';
  readonly key: string;
}
