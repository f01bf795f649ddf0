import type { AppliedAt } from '@quorate/raft';
import type { Message } from './message.ts';
import type { ShardState } from './shard-state.ts';

/**
 * The time to live is over. What a consumer has in hand may still be acked; it does not come back if
 * it is not. Told once for a message, and only when somebody really misses it.
 */
export function expire(state: ShardState, message: Message, at: AppliedAt): void {
  state.touch(message);
  if (message.expiry !== undefined && message.expiry.heapIndex !== -1) {
    state.timers.remove(message.expiry);
  }
  for (const slot of message.slots) {
    if (slot.state === 'in-flight') continue;
    state.tellExpired(message);
    state.settle(slot, at.atMs);
  }
}
