import type { AppliedAt } from '@quorate/raft';
import type { QueueCommand, QueueReply, SettingsChange } from './commands.ts';
import type { ConsumerGroup } from './consumer-group.ts';
import { deadLetterCycle } from './dead-letter-cycle.ts';
import { remember } from './deliver.ts';
import type { Queue } from './queue.ts';
import { defaultSettings, type QueueSettings } from './settings.ts';
import { tooManyQueues, type ShardState } from './shard-state.ts';

export function define(
  state: ShardState,
  { queue: name, change, shardQueuesMax }: Extract<QueueCommand, { kind: 'define' }>,
  at: AppliedAt,
): QueueReply {
  const existing = state.byName.get(name);
  const settings = changed(existing?.settings ?? defaultSettings(name), change);
  const cycle = deadLetterCycle(name, (queue) =>
    queue === name ? settings : state.byName.get(queue)?.settings,
  );
  if (cycle !== undefined) return { kind: 'dead-letter-cycle', queues: cycle };
  if (existing === undefined) {
    if (state.queues.size >= shardQueuesMax) return tooManyQueues;
    state.createQueue(name, settings);
    return { kind: 'defined', created: true, settings };
  }
  state.touchQueue(existing);
  existing.settings = settings;
  changeGroups(state, existing, at);
  const { first } = existing.messages;
  if (existing.leaving.size > 0) {
    existing.wakeAt(at.atMs);
  } else if (first !== undefined && !existing.purging) {
    existing.wakeAt(first.enqueuedAtMs + settings.retentionMs);
  }
  return { kind: 'defined', created: false, settings };
}

function changed(settings: QueueSettings, change: SettingsChange): QueueSettings {
  return {
    visibilityMs: change.visibilityMs ?? settings.visibilityMs,
    maxDeliveries: change.maxDeliveries ?? settings.maxDeliveries,
    deadLetterQueue: change.deadLetterQueue ?? settings.deadLetterQueue,
    retentionMs: change.retentionMs ?? settings.retentionMs,
    backoff: change.backoff ?? settings.backoff,
    groups: change.groups ?? settings.groups,
  };
}

/**
 * A new group starts from now. A removed one is given nothing any more from this entry on; what it was
 * still to see is taken from it in steps, by the queue's timer.
 */
function changeGroups(state: ShardState, queue: Queue, at: AppliedAt): void {
  const wanted = new Set(queue.settings.groups);
  for (const group of [...queue.groups.values()]) {
    if (wanted.has(group.name)) continue;
    endWaits(state, group, 'group-removed', at);
    queue.removeGroup(group);
  }
  for (const name of wanted) {
    // In the order of the settings, as a snapshot restores them.
    const kept = queue.groups.get(name);
    if (kept === undefined) queue.addGroup(name);
    else {
      queue.groups.delete(name);
      queue.groups.set(name, kept);
    }
  }
}

/** Decided in this entry: nothing up to here is ever given out again. Carried out in steps. */
export function purge(state: ShardState, name: string, at: AppliedAt): QueueReply {
  const queue = state.byName.get(name);
  if (queue === undefined) return { kind: 'not-found', what: 'queue' };
  const messages = queue.messageCount;
  startPurge(state, queue, at);
  return { kind: 'purged', messages };
}

export function deleteQueue(state: ShardState, name: string, at: AppliedAt): QueueReply {
  const queue = state.byName.get(name);
  if (queue === undefined) return { kind: 'not-found', what: 'queue' };
  for (const group of queue.groups.values()) endWaits(state, group, 'queue-deleted', at);
  startPurge(state, queue, at);
  queue.deleted = true;
  state.byName.delete(name);
  return { kind: 'deleted' };
}

function startPurge(state: ShardState, queue: Queue, at: AppliedAt): void {
  state.touchQueue(queue);
  queue.purgedTo = state.counters.message;
  queue.wakeAt(at.atMs);
}

function endWaits(
  state: ShardState,
  group: ConsumerGroup,
  why: 'queue-deleted' | 'group-removed',
  at: AppliedAt,
): void {
  for (const wait of [...group.waits.values()]) {
    const { name, request } = wait;
    state.endWait(wait);
    remember(state, { name, rememberMs: request.rememberMs }, { messages: [], why }, at);
    state.events.push({ kind: 'wait-over', wait: name, why });
  }
  state.stirred.delete(group);
}
