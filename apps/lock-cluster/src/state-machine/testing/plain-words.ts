import type { LockEvent } from '../events.ts';
import type { LockReply } from '../replies.ts';
import { keys } from './draws.ts';
import type { PlainModel, Said } from './plain-model.ts';
import type { TestTable } from './test-table.ts';

/** A reply in the model's words. */
export function inPlainWords(reply: LockReply): Said {
  switch (reply.kind) {
    case 'held':
      return { kind: 'held', keys: reply.conflicts.map((one) => one.key) };
    case 'deadlock':
      return { kind: 'deadlock' };
    case 'renewed':
      return { kind: 'renewed', holds: sorted(reply.holds) };
    default:
      return { ...reply };
  }
}

export function eventsInPlainWords(events: readonly LockEvent[]): readonly string[] {
  return events
    .filter((event) => event.kind !== 'suspended' && event.kind !== 'deadlocked')
    .map((event): Said => {
      const calls = 'callers' in event ? event.callers.map(({ call }) => call) : undefined;
      switch (event.kind) {
        case 'granted':
          return { kind: 'granted', wait: event.wait, holds: event.holds, calls };
        case 'timed-out':
          return { kind: 'timed-out', wait: event.wait, position: event.position, calls };
        case 'hold-lost':
        case 'cancelled':
          return { kind: event.kind, wait: event.wait, calls };
        default:
          return { ...event };
      }
    })
    .map((one) => JSON.stringify(one))
    .sort();
}

export const sorted = <T>(list: readonly T[]): readonly T[] =>
  [...list].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

/** Both tables in a form that can be compared. */
export function pictureOf(table: TestTable): unknown {
  return keys.map((name) => {
    const view = table.table.view(name);
    return {
      key: name,
      holders: sorted(view?.holders ?? []),
      waiters: (view?.waiters ?? []).map(({ client: who, mode: what, wait }) => [who, what, wait]),
      delayedUntilMs: view?.delayedUntilMs,
    };
  });
}

export function pictureOfModel(model: PlainModel): unknown {
  return keys.map((name) => ({
    key: name,
    holders: sorted(
      model.holds
        .filter((hold) => hold.key === name)
        .map(({ client: who, mode: what, token, dueMs }) => ({
          client: who,
          mode: what,
          token,
          expiresAtMs: dueMs,
        })),
    ),
    waiters: model.inLine(name).map(({ wait, mode: what }) => [wait.client, what, wait.id]),
    delayedUntilMs: model.delays.get(name)?.dueMs,
  }));
}
