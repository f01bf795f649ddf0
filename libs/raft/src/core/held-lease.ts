import type { LeaseEcho, Stamp } from './message.ts';
import type { State } from './state.ts';

/**
 * The follower's half of local reads, after its entries were taken. The stamp must be of this life,
 * and the log must hold the leader's up to the floor: a last entry of the leader's own term proves
 * that everything before it is the leader's too (log matching, §5.3). An echo that comes too early is
 * dropped; the next one is a heartbeat away.
 */
export function takeLease(state: State, echo: LeaseEcho | undefined): void {
  const { localReads, log } = state;
  if (localReads === undefined || echo === undefined) return;
  if (echo.stamp.incarnation !== state.incarnation) return;
  if (echo.stamp.atMs <= state.clockTrustedFromMs) return;
  if (log.lastTerm !== state.term || log.lastIndex < echo.floor) return;
  const untilMs = echo.stamp.atMs + localReads.leaseMs - localReads.driftMs;
  state.offeredLeaseUntilMs = Math.max(state.offeredLeaseUntilMs, untilMs);
}

/**
 * A lease counts from the moment the driver takes the batch, because only then can it have invalidated
 * what the entries of the same message make stale. Until then the lease held before is the right one:
 * its grantor waits for our acknowledgement of those entries.
 */
export function beginOfferedLease(state: State): void {
  if (state.offeredLeaseUntilMs <= state.leaseUntilMs) return;
  state.leaseUntilMs = state.offeredLeaseUntilMs;
}

/** A state machine that was replaced by a snapshot begins without a lease, as after a start. */
export function dropLease(state: State): void {
  state.leaseUntilMs = -Infinity;
  state.offeredLeaseUntilMs = -Infinity;
}

/**
 * The clock stood still for an unknown time up to now. No lease that is held, and none that rests on a
 * moment before, may be believed to be young. What this node granted to others is as safe as before:
 * by a clock that stood still they only count as serving for longer.
 */
export function distrustLeases(state: State): void {
  state.clockTrustedFromMs = state.nowMs;
  dropLease(state);
}

/** A stamp may be older than the answer it goes with; that only shortens the lease. */
export function stampNow(state: State): Stamp | undefined {
  if (state.localReads === undefined) return undefined;
  return { incarnation: state.incarnation, atMs: state.nowMs };
}
