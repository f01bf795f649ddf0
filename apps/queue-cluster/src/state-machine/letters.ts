import type { AppliedAt } from '@quorate/raft';
import type { DeadLetter, Letter, NumberedLetter } from './commands.ts';
import { contentOf } from './message.ts';
import type { ShardState } from './shard-state.ts';
import type { Slot } from './slot.ts';

export const outboxKey = (toShard: number, number: number): string => `${toShard}/${number}`;

/** The group gives the message up: a copy goes to the dead-letter queue in this same entry. */
export function buryMessage(
  state: ShardState,
  slot: Slot,
  reason: DeadLetter['reason'],
  at: AppliedAt,
): void {
  const { message, group } = slot;
  const { queue } = message;
  state.touchQueue(queue);
  queue.deadLettered += 1;
  state.events.push({ kind: 'dead-lettered', queue: queue.name, group: group.name });
  const dead: DeadLetter = {
    queue: queue.name,
    group: group.name,
    msgId: state.messageId(message),
    deliveries: slot.deliveries,
    reason,
    lastError: slot.lastError,
    enqueuedAtMs: message.wallMs,
  };
  state.settle(slot, at.atMs);
  post(
    state,
    {
      to: { queue: queue.settings.deadLetterQueue, group: undefined },
      ...contentOf(message),
      dead,
    },
    at,
  );
}

/**
 * Delivers a letter: here and now when the queue lives in this shard. Otherwise it is numbered and
 * put into the outbox, in the same entry that took the message from its group, and carried over by
 * whoever leads; the other shard remembers the greatest number it has taken in from this one, without
 * a window, so that a letter carried twice arrives once.
 */
export function post(state: ShardState, letter: Letter, at: AppliedAt): void {
  const toShard = state.options.shardOf(letter.to.queue);
  if (toShard === state.options.shard) {
    receive(state, letter, at);
    return;
  }
  const number = (state.lettersSent.get(toShard) ?? 0) + 1;
  state.lettersSent.set(toShard, number);
  state.addLetter(outboxKey(toShard, number), letter);
  state.events.push({ kind: 'letters-waiting', toShard });
}

/** Letters that were taken in before are passed over; a gap ends the batch. */
export function acceptLetters(
  state: ShardState,
  fromShard: number,
  letters: readonly NumberedLetter[],
  at: AppliedAt,
): void {
  for (const { number, letter } of letters) {
    const seen = state.lettersSeen.get(fromShard) ?? 0;
    if (number <= seen) continue;
    if (number !== seen + 1) return;
    state.lettersSeen.set(fromShard, number);
    receive(state, letter, at);
  }
}

/** The other shard has them. It says so after each batch, so there are never many at once. */
export function forgetLetters(state: ShardState, byShard: number, upTo: number): void {
  const done = state.lettersDone.get(byShard) ?? 0;
  const last = Math.min(upTo, state.lettersSent.get(byShard) ?? 0);
  for (let number = done + 1; number <= last; number++) {
    state.dropLetter(outboxKey(byShard, number));
  }
  if (last > done) state.lettersDone.set(byShard, last);
}

function receive(state: ShardState, letter: Letter, at: AppliedAt): void {
  const queue = state.openQueue(letter.to.queue);
  const { key, value, priority, headers, wallMs, dead } = letter;
  const groups = letter.to.group === undefined ? [...queue.groups.values()] : [];
  if (letter.to.group !== undefined) {
    const group = queue.groups.get(letter.to.group);
    if (group === undefined) {
      // The group it was redriven to is gone: what nobody is to see stays a dead letter.
      post(
        state,
        { ...letter, to: { queue: queue.settings.deadLetterQueue, group: undefined } },
        at,
      );
      return;
    }
    groups.push(group);
  }
  const when = { atMs: at.atMs, notBeforeMs: at.atMs, expiresAtMs: undefined };
  const content = { key, value, priority, headers, wallMs, dead };
  state.addMessage(
    queue,
    letter.to.group === undefined ? content : { ...content, dead: undefined },
    when,
    groups,
  );
}
