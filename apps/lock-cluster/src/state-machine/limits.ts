/**
 * How much one table may hold. What goes beyond is refused with `overloaded`. These decide replies,
 * so they must be the same on every node: they are constants of this version of the service, not
 * settings. Tests pass smaller ones.
 */
export interface LockLimits {
  readonly holdsMax: number;
  readonly waitsMax: number;
  /** Also the most waiters that one release may grant, and so a bound on the work of one entry. */
  readonly waitersPerKeyMax: number;
  readonly callersPerWaitMax: number;
  readonly reservedKeysMax: number;
  /** Expiries, time-outs and suspensions that one entry may bring; the rest is still due. */
  readonly duePerEntryMax: number;
  /** A ticket not asked for in this time leaves the line. */
  readonly ticketPatienceMs: number;
  /** Holders named in a refusal; their number is told in full. */
  readonly holdersNamedMax: number;
}

export const lockLimits: LockLimits = {
  holdsMax: 1_000_000,
  waitsMax: 200_000,
  waitersPerKeyMax: 10_000,
  callersPerWaitMax: 8,
  reservedKeysMax: 10_000,
  duePerEntryMax: 1_000,
  ticketPatienceMs: 10_000,
  holdersNamedMax: 32,
};
