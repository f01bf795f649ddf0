import type { Notice } from '@quorate/raft';
import { delay, endHold, endWait } from './ending.ts';
import { liveCallers, settle, suspend } from './granting.ts';
import type { Ending, Hold, Ticket, Wait } from './records.ts';
import { resume } from './requests.ts';
import type { LockState, Step } from './state.ts';
import { takeBackAll } from './tickets.ts';
import { positionOf, scheduleWait } from './waits.ts';

/**
 * What time and nodes bring. One entry does a bounded number of things; the rest is still due, and
 * the next deadline says so.
 */
export function takeNotice(state: LockState, step: Step, notice: Notice): void {
  switch (notice.kind) {
    case 'clock':
      break;
    case 'node-started':
      state.lives.started(notice.node, notice.incarnation);
      markForReview(state, notice.node);
      break;
    case 'node-gone':
      state.lives.gone(notice.node);
      markForReview(state, notice.node);
      break;
  }
  const reviewed = review(state, step, state.limits.duePerEntryMax);
  if (notice.kind === 'clock') endWhatIsDue(state, step, state.limits.duePerEntryMax - reviewed);
}

export function nextDeadline(state: LockState): number | undefined {
  if (state.toReview.size > 0) return 0;
  return state.deadlines.first()?.dueMs;
}

/** In order of time: a key that expires before a wait runs out is still granted to that wait. */
function endWhatIsDue(state: LockState, step: Step, most: number): void {
  for (let done = 0; done < most; done++) {
    const ending = state.deadlines.first();
    if (ending === undefined || ending.dueMs > step.at.atMs) return;
    end(state, step, ending);
    settle(state, step);
  }
}

function end(state: LockState, step: Step, ending: Ending): void {
  switch (ending.kind) {
    case 'hold':
      expire(state, step, ending);
      break;
    case 'wait':
      timeOut(state, step, ending);
      break;
    case 'ticket':
      lapse(state, step, ending);
      break;
    case 'delay':
      state.removeDelay(ending);
      step.freed.push(ending.lock);
      break;
  }
}

function expire(state: LockState, step: Step, hold: Hold): void {
  const { lock, client, mode, token, lockDelayMs } = hold;
  step.events.push({ kind: 'expired', key: lock.key, client: client.id, mode, token });
  if (lockDelayMs > 0) delay(state, lock, step.at.atMs + lockDelayMs);
  endHold(state, step, hold);
}

/** Callers whose time is over are told; the wait ends when neither caller nor ticket is left. */
function timeOut(state: LockState, step: Step, wait: Wait): void {
  const { atMs } = step.at;
  state.waits.change(wait.id);
  const callers = wait.callers.filter(({ untilMs }) => untilMs <= atMs);
  wait.callers = wait.callers.filter(({ untilMs }) => untilMs > atMs);
  const { id, askByMs } = wait;
  const isOver = wait.callers.length === 0 && (askByMs === undefined || askByMs <= atMs);
  const position = isOver || askByMs === undefined ? undefined : positionOf(wait);
  if (callers.length > 0) step.events.push({ kind: 'timed-out', wait: id, position, callers });
  if (!isOver) {
    if (askByMs !== undefined && askByMs <= atMs) wait.askByMs = undefined;
    scheduleWait(state, wait);
    return;
  }
  if (askByMs !== undefined)
    step.events.push({ kind: 'ticket-lapsed', ticket: id, granted: false });
  endWait(state, step, wait);
}

function lapse(state: LockState, step: Step, ticket: Ticket): void {
  step.events.push({ kind: 'ticket-lapsed', ticket: ticket.id, granted: true });
  takeBackAll(state, step, ticket);
}

function markForReview(state: LockState, node: string): void {
  for (const wait of state.waits.values()) {
    if (wait.callers.some((caller) => caller.node === node)) state.toReview.set(wait.id, true);
  }
}

/** Suspends waits whose callers are all gone, takes those back in whose callers have returned. */
function review(state: LockState, step: Step, most: number): number {
  if (state.toReview.size === 0) return 0;
  const ids = [];
  for (const id of state.toReview.keys()) {
    if (ids.push(id) >= most) break;
  }
  for (const id of ids) {
    state.toReview.delete(id);
    const wait = state.waits.get(id);
    if (wait !== undefined) reviewWait(state, step, wait);
  }
  return ids.length;
}

function reviewWait(state: LockState, step: Step, wait: Wait): void {
  const hasCaller = wait.askByMs !== undefined || liveCallers(state, wait).length > 0;
  if (hasCaller && wait.suspended) {
    const { callers } = wait;
    const outcome = resume(state, step, wait);
    if (outcome?.kind === 'deadlock') {
      step.events.push({ kind: 'deadlocked', wait: wait.id, cycle: outcome.cycle, callers });
    }
  } else if (!hasCaller && !wait.suspended) {
    suspend(state, step, wait);
  }
  settle(state, step);
}
