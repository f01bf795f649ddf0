import type { AppliedAt } from '@quorate/raft';
import type { NodeLife, QueueCommand, QueueReply, WaitName } from './commands.ts';
import type { ConsumerGroup } from './consumer-group.ts';
import { handOn, remember, take, workMax } from './deliver.ts';
import { defaultGroup } from './settings.ts';
import { tooManyQueues, type ShardState } from './shard-state.ts';
import { waitKey, type WaitRequest } from './wait.ts';

type Dequeue = Extract<QueueCommand, { kind: 'dequeue' }>;

/** Gives what is ready; when nothing is and the caller waits, it takes a place in the line. */
export function dequeue(state: ShardState, command: Dequeue, at: AppliedAt): QueueReply {
  return dequeueAs(state, command, { ...lifeOf(at), number: command.waitNumber }, at);
}

/** `name` is the wait's for ever, also when the request is asked again after the wait ended. */
function dequeueAs(state: ShardState, command: Dequeue, name: WaitName, at: AppliedAt): QueueReply {
  const group = findGroup(state, command);
  if (!('waits' in group)) return group;
  const request = requestOf(command, group);
  const answerer: WaitName = { ...lifeOf(at), number: command.waitNumber };
  // Whoever waits was here first: nothing is ready while somebody waits, unless too much is out.
  const messages =
    group.waits.size > 0 ? [] : take(state, group, { ...request, answerer }, at, { left: workMax });
  if (messages.length > 0 || command.waitMs === 0) return { kind: 'delivered', messages };
  if (state.waits.size >= command.shardWaitersMax) return tooManyWait;
  state.addWait({ name, answerer, dueAtMs: at.atMs + command.waitMs }, group, request);
  return { kind: 'waiting', wait: name };
}

const tooManyWait: QueueReply = { kind: 'full', what: 'too many consumers wait' };

/** The caller left. Another who joined the wait since has it to itself. */
export function cancelWait(
  state: ShardState,
  { wait: name, asker }: Extract<QueueCommand, { kind: 'cancel-wait' }>,
  at: AppliedAt,
): QueueReply {
  const wait = state.waits.get(waitKey(name));
  if (wait === undefined) return { kind: 'not-found', what: 'message' };
  if (waitKey(wait.answerer) !== waitKey({ ...lifeOf(at), number: asker })) return { kind: 'done' };
  state.endWait(wait);
  state.events.push({ kind: 'wait-over', wait: name, why: 'cancelled' });
  return { kind: 'done' };
}

/**
 * The same request again, through this or another node. What was handed out is handed on, as far as
 * it is still out. A wait is joined and keeps its place; one that ended without a result (its node was
 * gone, its caller left) is taken up again under the same name, so that whoever repeats the request
 * once more finds it, and not a third.
 */
export function repeatDequeue(
  state: ShardState,
  command: Dequeue,
  first: QueueReply,
  at: AppliedAt,
): QueueReply {
  if (first.kind === 'handed') {
    return { kind: 'delivered', messages: handOn(state, first.receipts, at) };
  }
  if (first.kind !== 'waiting') return first;
  const key = waitKey(first.wait);
  const given = state.given.get(key, at.atMs);
  if (given !== undefined) {
    if (given.why === 'queue-deleted') return { kind: 'not-found', what: 'queue' };
    if (given.why === 'group-removed') return { kind: 'not-found', what: 'group' };
    return { kind: 'delivered', messages: handOn(state, given.receipts, at) };
  }
  const wait = state.waits.change(key);
  if (wait !== undefined) {
    wait.answerer = { ...lifeOf(at), number: command.waitNumber };
    return first;
  }
  const reply = dequeueAs(state, command, first.wait, at);
  if (reply.kind === 'delivered') {
    const { rememberMs } = command;
    remember(state, { name: first.wait, rememberMs }, { ...reply, why: 'served' }, at);
  }
  return reply;
}

const lifeOf = ({ origin }: AppliedAt): NodeLife => ({
  node: origin.node,
  incarnation: origin.incarnation,
});

const requestOf = (command: Dequeue, { queue }: ConsumerGroup): WaitRequest => ({
  max: command.max,
  bytesMax: command.bytesMax,
  visibilityMs: command.visibilityMs ?? queue.settings.visibilityMs,
  consumer: command.consumer,
  rememberMs: command.rememberMs,
  inFlightMax: command.inFlightMax,
});

/** Whoever only looks into a queue that is not there does not make it; whoever waits in it does. */
function findGroup(state: ShardState, command: Dequeue): ConsumerGroup | QueueReply {
  const { group: name, queue: queueName, waitMs } = command;
  const queue = state.byName.get(queueName);
  if (queue === undefined) {
    if (name !== undefined && name !== defaultGroup) return { kind: 'not-found', what: 'group' };
    if (waitMs === 0) return { kind: 'delivered', messages: [] };
    if (state.waits.size >= command.shardWaitersMax) return tooManyWait;
    if (state.queues.size >= command.shardQueuesMax) return tooManyQueues;
    return state.openQueue(queueName).groups.get(defaultGroup)!;
  }
  const group = queue.groups.get(name ?? defaultGroup);
  if (group !== undefined) return group;
  if (name !== undefined) return { kind: 'not-found', what: 'group' };
  return { kind: 'group-required', groups: queue.settings.groups };
}
