/**
 * A promise of our own that turned out not to hold. It is never answered as a client's mistake: whoever
 * catches one ends the process, because what a broken node says can no longer be trusted.
 */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

export function invariant(condition: unknown, why: string): asserts condition {
  if (condition) return;
  const error = new InvariantError(why);
  // The first frame is then the place that asked, which is what the last line of a crash shows.
  Error.captureStackTrace(error, invariant);
  throw error;
}

/** By name, so that libraries which bring their own invariant (and import nothing) are recognised too. */
export function isBrokenInvariant(error: unknown): boolean {
  return error instanceof Error && error.name === 'InvariantError';
}
