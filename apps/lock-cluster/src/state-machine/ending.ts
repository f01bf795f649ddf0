import { covers } from './modes.ts';
import type { Hold, Lock, Wait } from './records.ts';
import type { LockState, Step } from './state.ts';

/** A hold ends, however it came to that. Conversions that build on it end with it. */
export function endHold(state: LockState, step: Step, hold: Hold): void {
  const { lock, client } = hold;
  state.removeHold(hold);
  step.freed.push(lock);
  let place = client.places.get(lock);
  const lost: Wait[] = [];
  for (; place !== undefined; place = place.sibling) {
    if (place.converts) lost.push(place.wait);
  }
  for (const wait of lost) {
    endWait(state, step, wait);
    step.events.push({
      kind: 'hold-lost',
      wait: wait.id,
      keys: [lock.key],
      callers: wait.callers,
    });
  }
}

/** A wait ends without a grant. Whoever stood behind it may have become free to go. */
export function endWait(state: LockState, step: Step, wait: Wait): void {
  state.removeWait(wait);
  for (const { lock } of wait.places) step.freed.push(lock);
}

/**
 * Undoes a grant that nobody knows of. A conversion goes back to what was held before, under the
 * token that its client knows; where it gave up rights that others may have by now, it stays.
 */
export function takeBack(state: LockState, step: Step, hold: Hold): void {
  const { former } = hold;
  if (former === undefined) {
    endHold(state, step, hold);
    return;
  }
  state.holds.change(hold.serial);
  state.untie(hold);
  hold.caller = undefined;
  hold.former = undefined;
  if (!covers(hold.mode, former.mode)) return;
  state.setMode(hold, former.mode);
  hold.token = former.token;
  step.freed.push(hold.lock);
}

/** An expired key is kept free for as long as its hold asked for. */
export function delay(state: LockState, lock: Lock, untilMs: number): void {
  if (lock.delay === undefined) {
    state.addDelay(
      { kind: 'delay', serial: state.takeSerial(), lock, dueMs: Infinity, heapIndex: -1 },
      untilMs,
    );
  } else if (lock.delay.dueMs < untilMs) {
    state.delays.change(lock.key);
    state.deadlines.move(lock.delay, untilMs);
  }
}
