import type {
  CancelCommand,
  LeaveCommand,
  LockCommand,
  ReleaseCommand,
  RenewCommand,
  TicketCommand,
} from '../commands.ts';
import { covers } from '../modes.ts';
import {
  requestOf,
  told,
  type ModelHold,
  type ModelRequest,
  type ModelWait,
  type PlainModel,
  type Said,
} from './plain-model.ts';

const patienceMs = 10_000;

/** One entry of the log, told to the plain model. */
export function applyPlainly(model: PlainModel, command: LockCommand): Said {
  const reply = replyTo(model, command);
  model.settle();
  return reply;
}

function replyTo(model: PlainModel, command: LockCommand): Said {
  switch (command.kind) {
    case 'acquire':
      return model.ask(requestOf(command));
    case 'convert': {
      const missing = command.keys.filter((key) => !model.hold(key, command.client));
      if (missing.length > 0) return { kind: 'not-holder', keys: missing };
      return model.ask(requestOf(command));
    }
    case 'release':
      return release(model, command);
    case 'renew':
      return renew(model, command);
    case 'ticket':
      return askTicket(model, command);
    case 'cancel':
      return cancel(model, command);
    case 'leave':
      return leave(model, command);
    default:
      throw new Error(`the model knows no ${command.kind}`);
  }
}

/** The same request under the same id once more, when its first reply was this. */
export function repeatPlainly(model: PlainModel, request: ModelRequest, first: string): Said {
  const reply = repeatRequest(model, request, first);
  model.settle();
  return reply;
}

function repeatRequest(model: PlainModel, request: ModelRequest, first: string): Said {
  const { client, keys, exact, queue, waitMs } = request;
  if (model.sameWait(request) !== undefined && (queue || waitMs > 0)) return model.ask(request);
  const holds = keys.map(({ key }) => model.hold(key, client));
  const isStill = (hold: ModelHold | undefined, i: number): hold is ModelHold => {
    if (hold === undefined) return false;
    return exact ? hold.mode === keys[i]!.mode : covers(hold.mode, keys[i]!.mode);
  };
  if (!holds.every(isStill)) return { kind: 'ended', first };
  for (const hold of holds) model.confirm(hold);
  return { kind: 'granted', client, holds: holds.map(told) };
}

function chosen(
  model: PlainModel,
  client: string,
  keys: readonly string[],
  token: number | undefined,
): readonly ModelHold[] | Said {
  const missing = keys.filter((key) => model.hold(key, client) === undefined);
  if (missing.length > 0) return { kind: 'not-holder', keys: missing };
  const holds = [...new Set(keys.map((key) => model.hold(key, client)!))];
  const other = holds.find((hold) => token !== undefined && hold.token !== token);
  if (other === undefined) return holds;
  return { kind: 'token-mismatch', key: other.key, current: other.token };
}

const isRefused = (result: readonly ModelHold[] | Said): result is Said => !Array.isArray(result);

function release(model: PlainModel, { client, keys, token }: ReleaseCommand): Said {
  const holds = chosen(model, client, keys, token);
  if (isRefused(holds)) return holds;
  for (const hold of holds) model.endHold(hold);
  return { kind: 'released', keys: holds.map(({ key }) => key) };
}

function renew(model: PlainModel, { client, keys, ttlMs, token }: RenewCommand): Said {
  const own = model.holds.filter((hold) => hold.client === client).map(({ key }) => key);
  const named = keys ?? own;
  if (named.length === 0) return { kind: 'not-holder', keys: [] };
  const holds = chosen(model, client, named, token);
  if (isRefused(holds)) return holds;
  for (const hold of holds) {
    model.confirm(hold);
    hold.ttlMs = ttlMs ?? hold.ttlMs;
    hold.dueMs = model.nowMs + hold.ttlMs;
  }
  return { kind: 'renewed', holds: holds.map(told) };
}

function askTicket(model: PlainModel, { ticket: id, waitMs, call }: TicketCommand): Said {
  const wait = model.waits.find((one) => one.id === id && one.askByMs !== undefined);
  if (wait !== undefined) {
    const untilMs = model.nowMs + waitMs;
    wait.askByMs = Math.max(wait.askByMs!, untilMs + patienceMs);
    if (waitMs > 0) {
      wait.callers = [...wait.callers, { call, untilMs }];
      return { kind: 'waiting', wait: id, untilMs };
    }
    return { kind: 'queued', ticket: id, position: model.position(wait) };
  }
  const ticket = model.tickets.find((one) => one.id === id);
  if (ticket === undefined) return { kind: 'not-waiting' };
  for (const hold of ticket.holds) model.confirm(hold);
  const byAge = [...ticket.holds].sort((a, b) => a.born - b.born);
  return { kind: 'granted', client: ticket.client, holds: byAge.map(told) };
}

function cancel(model: PlainModel, command: CancelCommand): Said {
  const isMeant = (wait: ModelWait): boolean =>
    'ticket' in command
      ? wait.id === command.ticket && wait.askByMs !== undefined
      : wait.client === command.client && wait.places.some(({ key }) => key === command.key);
  const waits = model.waits.filter(isMeant);
  for (const wait of waits) {
    model.removeWait(wait);
    model.said.push({ kind: 'cancelled', wait: wait.id, calls: callsOf(wait) });
  }
  if (waits.length > 0) return { kind: 'cancelled', waits: waits.length };
  if (!('ticket' in command)) return { kind: 'not-waiting' };
  const ticket = model.tickets.find((one) => one.id === command.ticket);
  if (ticket === undefined || ticket.dueMs === Infinity) return { kind: 'not-waiting' };
  for (const hold of [...ticket.holds]) model.takeBack(hold);
  return { kind: 'cancelled', waits: 1 };
}

function leave(model: PlainModel, { client, keys, call }: LeaveCommand): Said {
  const waits = model.waits.filter(
    (wait) =>
      wait.client === client &&
      wait.places.some(({ key }) => keys.includes(key)) &&
      wait.callers.some((caller) => caller.call === call),
  );
  for (const wait of waits) {
    wait.callers = wait.callers.filter((caller) => caller.call !== call);
    if (wait.callers.length === 0 && wait.askByMs === undefined) model.removeWait(wait);
  }
  for (const key of keys) {
    const hold = model.hold(key, client);
    if (hold?.call !== call) continue;
    if (hold.ticket === undefined) {
      model.takeBack(hold);
    } else {
      hold.ticket.dueMs = model.nowMs + patienceMs;
      hold.call = undefined;
    }
  }
  return { kind: 'left' };
}

/** One clock entry: everything that is due by now, in the order of time. */
export function tickPlainly(model: PlainModel): void {
  for (let due = nextDue(model); due !== undefined; due = nextDue(model)) {
    if (due.dueMs > model.nowMs) return;
    due.end();
    model.settle();
  }
}

interface Due {
  readonly born: number;
  readonly dueMs: number;
  readonly end: () => void;
}

export function nextDue(model: PlainModel): Due | undefined {
  const all: Due[] = [
    ...model.holds.map((hold) => ({ ...hold, end: () => expire(model, hold) })),
    ...model.waits.map((wait) => ({
      ...wait,
      dueMs: dueOf(wait),
      end: () => timeOut(model, wait),
    })),
    ...model.tickets.map((ticket) => ({
      ...ticket,
      end: () => {
        model.said.push({ kind: 'ticket-lapsed', ticket: ticket.id, granted: true });
        for (const hold of [...ticket.holds]) model.takeBack(hold);
      },
    })),
    ...[...model.delays].map(([key, one]) => ({ ...one, end: () => model.delays.delete(key) })),
  ];
  const finite = all.filter(({ dueMs }) => dueMs !== Infinity);
  return finite.reduce<Due | undefined>(
    (first, one) => (first === undefined || isSooner(one, first) ? one : first),
    undefined,
  );
}

const isSooner = (a: Due, b: Due): boolean =>
  a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.born < b.born);

const dueOf = ({ callers, askByMs }: ModelWait): number =>
  Math.min(askByMs ?? Infinity, ...callers.map(({ untilMs }) => untilMs));

function expire(model: PlainModel, hold: ModelHold): void {
  const { key, client, mode, token, lockDelayMs } = hold;
  model.said.push({ kind: 'expired', key, client, mode, token });
  if (lockDelayMs > 0) {
    const delay = model.delays.get(key) ?? { born: (model.births += 1), dueMs: 0 };
    delay.dueMs = Math.max(delay.dueMs, model.nowMs + lockDelayMs);
    model.delays.set(key, delay);
  }
  model.endHold(hold);
}

function timeOut(model: PlainModel, wait: ModelWait): void {
  const { id, askByMs } = wait;
  const over = wait.callers.filter(({ untilMs }) => untilMs <= model.nowMs);
  wait.callers = wait.callers.filter(({ untilMs }) => untilMs > model.nowMs);
  const isLapsed = askByMs !== undefined && askByMs <= model.nowMs;
  const isOver = wait.callers.length === 0 && (askByMs === undefined || isLapsed);
  const position = isOver || askByMs === undefined ? undefined : model.position(wait);
  if (over.length > 0) {
    model.said.push({ kind: 'timed-out', wait: id, position, calls: over.map(({ call }) => call) });
  }
  if (isOver) {
    if (isLapsed) model.said.push({ kind: 'ticket-lapsed', ticket: id, granted: false });
    model.removeWait(wait);
  } else if (isLapsed) {
    wait.askByMs = undefined;
  }
}

const callsOf = (wait: ModelWait): readonly number[] => wait.callers.map(({ call }) => call);

/**
 * Two that one entry granted and that end at one moment: which of them the table calls older is its own
 * business, and can decide who is granted next.
 */
export function hasTie({ holds, tickets }: PlainModel): boolean {
  const seen = new Set<string>();
  return [...holds, ...tickets].some((one) => {
    if (one.dueMs === Infinity) return false;
    const moment = `${'ticket' in one ? 'hold' : 'ticket'} ${one.bornAt} ${one.dueMs}`;
    const isTwin = seen.has(moment) && !seen.has(`${moment} ${one.client}`);
    seen.add(moment).add(`${moment} ${one.client}`);
    return isTwin;
  });
}
