import type { AppliedAt } from '@quorate/raft';
import type { Message } from './message.ts';
import type { ShardState } from './shard-state.ts';

/** What a consumer has in hand may still be acked; it does not come back if it is not. */
export function expire(state: ShardState, message: Message, at: AppliedAt): void {
  state.touch(message);
  state.timers.remove(message);
  message.timed = false;
  state.events.push({ kind: 'expired', queue: message.queue.name, messages: 1 });
  for (const slot of [...message.slots]) {
    if (slot.state !== 'in-flight') state.settle(slot, at.atMs);
  }
}
