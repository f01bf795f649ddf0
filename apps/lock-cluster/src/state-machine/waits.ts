import type { Wait } from './records.ts';
import type { LockState } from './state.ts';

/** A wait is looked at again when the first of its callers, or its ticket, runs out of time. */
export function scheduleWait(state: LockState, wait: Wait): void {
  let dueMs = wait.askByMs ?? Infinity;
  for (const { untilMs } of wait.callers) dueMs = Math.min(dueMs, untilMs);
  state.deadlines.schedule(wait, dueMs);
}

/** 1 is the head of the line; of several keys the longest way counts. A suspended wait has none. */
export function positionOf(wait: Wait): number {
  let position = 0;
  for (const place of wait.places) {
    if (!place.standing) continue;
    position = Math.max(position, place.lock.line!.countAhead(place) + 1);
  }
  return position;
}
