import type { AppliedAt } from '@quorate/raft';
import type { DeadLetter, QueueCommand, QueueReply } from './commands.ts';
import { post } from './letters.ts';
import { contentOf, type Message } from './message.ts';
import type { Queue } from './queue.ts';
import type { ShardState } from './shard-state.ts';

/** How many messages one step looks at. */
export const redriveMax = 1_000;

/**
 * Moves dead letters back to the group that gave them up, one step at a time. The reply says where the
 * next step begins: after the last message that was left in its place. What arrives while a redrive
 * goes on is not its business, or a message that fails at once would keep it going.
 */
export function redrive(
  state: ShardState,
  { queue: name, after, upTo }: Extract<QueueCommand, { kind: 'redrive' }>,
  at: AppliedAt,
): QueueReply {
  const queue = state.byName.get(name);
  if (queue === undefined) return { kind: 'not-found', what: 'queue' };
  const last = upTo === 0 ? state.counters.message : upTo;
  let passed = after;
  let looked = 0;
  let moved = 0;
  let message = begin(state, queue, after);
  while (message !== undefined && message.number <= last && looked < redriveMax) {
    const { next } = message;
    looked += 1;
    if (redriveOne(state, message, at)) moved += 1;
    else passed = message.number;
    message = next;
  }
  const more = message !== undefined && message.number <= last;
  return { kind: 'redriving', moved, more, after: passed, upTo: last };
}

/** Where the last step stopped; should that message be gone, what was passed over is looked at again. */
function begin(state: ShardState, queue: Queue, after: number): Message | undefined {
  const passed = state.messages.get(after);
  return passed?.queue === queue ? passed.next : queue.messages.first;
}

function redriveOne(state: ShardState, message: Message, at: AppliedAt): boolean {
  const { dead } = message;
  if (dead === undefined || !isRedrivable(state, message, dead)) return false;
  const content = contentOf(message);
  state.discard(message, at.atMs);
  post(state, { to: { queue: dead.queue, group: dead.group }, ...content }, at);
  return true;
}

/** Not while a consumer of dead letters works on it, and not to a group that is known to be gone. */
function isRedrivable(state: ShardState, { slots, purged }: Message, dead: DeadLetter): boolean {
  if (purged) return false;
  if (slots.some((slot) => slot.state === 'in-flight' && !slot.group.removed)) return false;
  if (state.options.shardOf(dead.queue) !== state.options.shard) return true;
  return state.byName.get(dead.queue)?.groups.has(dead.group) ?? false;
}
