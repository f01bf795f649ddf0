import type { CancelCommand, TicketCommand } from './commands.ts';
import { endWait, takeBack } from './ending.ts';
import { confirm, heldKey } from './granting.ts';
import { waitsAt } from './holdings.ts';
import type { Hold, Ticket, Wait } from './records.ts';
import type { LockReply } from './replies.ts';
import type { LockState, Step } from './state.ts';
import { positionOf, scheduleWait } from './waits.ts';

/** What became of a queued request. Asking keeps it alive; once told, its grant stands. */
export function askTicket(state: LockState, step: Step, command: TicketCommand): LockReply {
  const wait = state.waits.get(command.ticket);
  if (wait?.askByMs !== undefined) return askWaiting(state, step, wait, command);
  const ticket = state.tickets.change(command.ticket);
  if (ticket === undefined) return { kind: 'not-waiting' };
  const holds = holdsOf(ticket);
  for (const hold of holds) {
    state.holds.change(hold.serial);
    confirm(state, hold);
  }
  return { kind: 'granted', client: ticket.client, holds: holds.map(heldKey) };
}

function askWaiting(
  state: LockState,
  step: Step,
  wait: Wait,
  { waitMs, call }: TicketCommand,
): LockReply {
  const { at } = step;
  if (waitMs > 0 && wait.callers.length >= state.limits.callersPerWaitMax) {
    return { kind: 'overloaded', limit: 'callers-per-wait' };
  }
  state.waits.change(wait.id);
  const untilMs = at.atMs + waitMs;
  wait.askByMs = Math.max(wait.askByMs ?? 0, untilMs + state.limits.ticketPatienceMs);
  if (waitMs > 0) wait.callers = [...wait.callers, { ...at.origin, call, untilMs }];
  scheduleWait(state, wait);
  if (waitMs > 0) return { kind: 'waiting', wait: wait.id, untilMs };
  return { kind: 'queued', ticket: wait.id, position: positionOf(wait) };
}

/** A place in line is given up; so is a ticket's grant that nobody has asked for yet. */
export function cancel(state: LockState, step: Step, command: CancelCommand): LockReply {
  const waits = 'ticket' in command ? ticketWait(state, command) : waitsOf(state, command);
  for (const wait of waits) {
    endWait(state, step, wait);
    step.events.push({ kind: 'cancelled', wait: wait.id, callers: wait.callers });
  }
  if (waits.length > 0) return { kind: 'cancelled', waits: waits.length };
  const ticket = 'ticket' in command ? state.tickets.get(command.ticket) : undefined;
  if (ticket === undefined || !isUnasked(ticket)) return { kind: 'not-waiting' };
  takeBackAll(state, step, ticket);
  return { kind: 'cancelled', waits: 1 };
}

export function takeBackAll(state: LockState, step: Step, ticket: Ticket): void {
  for (const hold of holdsOf(ticket)) takeBack(state, step, hold);
}

/** By age: a set that was filled from a snapshot has another order than one that grew. */
const holdsOf = ({ holds }: Ticket): readonly Hold[] =>
  [...holds].sort((a, b) => a.serial - b.serial);

const isUnasked = (ticket: Ticket): boolean => ticket.heapIndex >= 0;

function ticketWait(state: LockState, { ticket }: { ticket: Wait['id'] }): readonly Wait[] {
  const wait = state.waits.get(ticket);
  return wait?.askByMs === undefined ? [] : [wait];
}

function waitsOf(
  state: LockState,
  { client: id, key }: { readonly client: string; readonly key: string },
): readonly Wait[] {
  const client = state.clients.get(id);
  return client === undefined ? [] : [...waitsAt(state, client, [key])];
}
