import type { AppliedAt } from '@quorate/raft';
import type { Enqueued, EnqueueLimits, NewMessage, QueueCommand, QueueReply } from './commands.ts';
import { sizeOf } from './message.ts';
import type { Queue } from './queue.ts';
import type { ShardState } from './shard-state.ts';

export const dedupWindowMs = 5 * 60_000;

type Enqueue = Extract<QueueCommand, { kind: 'enqueue' }>;

/** All of a batch or nothing of it. */
export function enqueue(state: ShardState, command: Enqueue, at: AppliedAt): QueueReply {
  const refusal = overLimit(state, command);
  if (refusal !== undefined) return { kind: 'full', what: refusal };
  const queue = state.openQueue(command.queue);
  return {
    kind: 'enqueued',
    messages: command.messages.map((message) =>
      enqueueOne(state, queue, message, command.wallMs, at),
    ),
  };
}

function enqueueOne(
  state: ShardState,
  queue: Queue,
  message: NewMessage,
  wallMs: number,
  at: AppliedAt,
): Enqueued {
  const dedupKey = message.dedupId === undefined ? undefined : `${queue.number}/${message.dedupId}`;
  const seen = dedupKey === undefined ? undefined : state.seen.get(dedupKey, at.atMs);
  if (seen !== undefined) return { msgId: seen.messageId, duplicate: true };
  const { key, value, priority = 0, headers, delayMs = 0, ttlMs } = message;
  const added = state.addMessage(
    queue,
    { key, value, priority, headers, wallMs, dead: undefined },
    {
      atMs: at.atMs,
      notBeforeMs: at.atMs + delayMs,
      expiresAtMs: ttlMs === undefined ? undefined : at.atMs + ttlMs,
    },
    queue.groups.values(),
  );
  const messageId = state.messageId(added);
  if (dedupKey !== undefined) {
    state.seen.add(dedupKey, { messageId, untilMs: at.atMs + dedupWindowMs });
  }
  return { msgId: messageId, duplicate: false };
}

function overLimit(
  state: ShardState,
  { queue: name, messages, limits }: Enqueue,
): string | undefined {
  const queue = state.byName.get(name);
  const size = messages.reduce((sum, one) => sum + sizeOf(one), 0);
  const dedupIds = messages.filter((one) => one.dedupId !== undefined).length;
  const would: Readonly<Record<keyof EnqueueLimits, number>> = {
    shardQueuesMax: state.queues.size + (queue === undefined ? 1 : 0),
    queueMessagesMax: (queue?.messageCount ?? 0) + messages.length,
    queueBytesMax: (queue?.size ?? 0) + size,
    shardMessagesMax: state.messages.size + state.outbox.size + messages.length,
    shardBytesMax: state.size + size,
    shardDedupIdsMax: state.seen.size + dedupIds,
  };
  if (queue === undefined && would.shardQueuesMax > limits.shardQueuesMax)
    return 'there are too many queues';
  if (would.queueMessagesMax > limits.queueMessagesMax) return 'the queue holds its most messages';
  if (would.queueBytesMax > limits.queueBytesMax) return 'the queue holds its most bytes';
  if (would.shardMessagesMax > limits.shardMessagesMax) return 'the node holds its most messages';
  if (would.shardBytesMax > limits.shardBytesMax) return 'the node holds its most bytes';
  if (dedupIds > 0 && would.shardDedupIdsMax > limits.shardDedupIdsMax)
    return 'too many dedup ids are remembered';
  return undefined;
}
