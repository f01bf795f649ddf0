import { invariant } from '@quorate/raft';

/**
 * The six modes of hierarchical locking (Gray & Reuter, *Transaction Processing*, §7.8). U and S get
 * on in both directions here, so the matrix is symmetric and the order of two requests never
 * matters to whether they can be held together.
 *
 * A mode is weaker than another when it is in conflict with fewer modes. With these six, what is in
 * conflict with the weakest mode that covers `a` and `b` is exactly what is in conflict with `a` or
 * with `b`; the whole table rests on that: a waiter may be judged by the mode it asked for, whatever
 * its client already holds.
 */
export const modes = ['IS', 'IX', 'S', 'SIX', 'U', 'X'] as const;
export type Mode = (typeof modes)[number];

/** Sets of modes are bit masks over the ordinals. */
export const modeCount = modes.length;

const ordinals: Record<Mode, number> = { IS: 0, IX: 1, S: 2, SIX: 3, U: 4, X: 5 };
const maskOf = (...some: readonly Mode[]): number =>
  some.reduce((mask, mode) => mask | (1 << ordinals[mode]), 0);

const conflicts: Record<Mode, number> = {
  IS: maskOf('X'),
  IX: maskOf('S', 'SIX', 'U', 'X'),
  S: maskOf('IX', 'SIX', 'X'),
  SIX: maskOf('IX', 'S', 'SIX', 'U', 'X'),
  U: maskOf('IX', 'SIX', 'U', 'X'),
  X: maskOf('IS', 'IX', 'S', 'SIX', 'U', 'X'),
};

export const ordinalOf = (mode: Mode): number => ordinals[mode];

/** For what comes from the log: a number this version does not know is never taken for another mode. */
export function modeAt(ordinal: number): Mode {
  const mode = modes[ordinal];
  invariant(mode !== undefined, `a mode of a known number, not ${ordinal}`);
  return mode;
}
export const bitOf = (mode: Mode): number => 1 << ordinals[mode];
/** The modes that cannot be held by one client while another holds `mode`. */
export const conflictsOf = (mode: Mode): number => conflicts[mode];

export const areCompatible = (a: Mode, b: Mode): boolean => (conflicts[a] & bitOf(b)) === 0;

/** Whoever holds `held` may do all that `wanted` allows. */
export const covers = (held: Mode, wanted: Mode): boolean =>
  (conflicts[wanted] & ~conflicts[held]) === 0;

const weakest = new Map<number, Mode>(modes.map((mode) => [conflicts[mode], mode]));

export function weakestCovering(a: Mode, b: Mode): Mode {
  // Exact by the remark at the top; X is only there for the type checker.
  return weakest.get(conflicts[a] | conflicts[b]) ?? 'X';
}
