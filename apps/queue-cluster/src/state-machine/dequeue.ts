import type { AppliedAt } from '@quorate/raft';
import type { QueueCommand, QueueReply, WaitName } from './commands.ts';
import type { ConsumerGroup } from './consumer-group.ts';
import { take } from './deliver.ts';
import type { Queue } from './queue.ts';
import { defaultGroup } from './settings.ts';
import type { ShardState } from './shard-state.ts';
import { Wait, waitKey } from './wait.ts';

type Dequeue = Extract<QueueCommand, { kind: 'dequeue' }>;

/** Gives what is ready; when nothing is and the caller waits, it takes a place in the line. */
export function dequeue(state: ShardState, command: Dequeue, at: AppliedAt): QueueReply {
  const queue = state.openQueue(command.queue);
  const group = findGroup(queue, command.group);
  if (!('waits' in group)) return group;
  const { max, consumer, rememberMs, inFlightMax } = command;
  const visibilityMs = command.visibilityMs ?? queue.settings.visibilityMs;
  const request = { max, visibilityMs, consumer, rememberMs, inFlightMax };
  const answerer = { node: at.origin.node as string, incarnation: at.origin.incarnation };
  // Whoever waits was here first: nothing is ready while somebody waits, unless too much is out.
  const messages = group.waits.size > 0 ? [] : take(state, group, { ...request, answerer }, at);
  if (messages.length > 0 || command.waitMs === 0) return { kind: 'delivered', messages };
  if (state.waits.size >= command.waitersMax)
    return { kind: 'full', what: 'too many consumers wait' };
  state.counters.wait += 1;
  const name: WaitName = { ...answerer, number: command.waitNumber };
  const dueAtMs = at.atMs + command.waitMs;
  const place = { name, answerer, number: state.counters.wait, dueAtMs };
  const wait = new Wait(place, group, request);
  state.waits.set(waitKey(name), wait);
  group.waits.set(waitKey(name), wait);
  state.timers.push(wait);
  return { kind: 'waiting', wait: name };
}

/** The caller left, or its time is over. */
export function cancelWait(state: ShardState, name: WaitName): QueueReply {
  const wait = state.waits.get(waitKey(name));
  if (wait === undefined) return { kind: 'not-found', what: 'message' };
  state.endWait(wait);
  state.events.push({ kind: 'wait-over', wait: name, why: 'cancelled' });
  return { kind: 'done' };
}

/**
 * The same waiting request again, through this or another node: it joins its own wait, which keeps
 * its place; or is given what that wait was given.
 */
export function repeatDequeue(
  state: ShardState,
  command: Dequeue,
  first: Extract<QueueReply, { kind: 'waiting' }>,
  at: AppliedAt,
): QueueReply {
  const given = state.given.get(waitKey(first.wait), at.atMs);
  if (given !== undefined) return { kind: 'delivered', messages: given.messages };
  const wait = state.waits.change(waitKey(first.wait));
  if (wait === undefined) return dequeue(state, command, at);
  wait.answerer = { node: at.origin.node, incarnation: at.origin.incarnation };
  return first;
}

function findGroup(queue: Queue, name: string | undefined): ConsumerGroup | QueueReply {
  const group = queue.groups.get(name ?? defaultGroup);
  if (group !== undefined) return group;
  if (name !== undefined) return { kind: 'not-found', what: 'group' };
  return { kind: 'group-required', groups: queue.settings.groups };
}
