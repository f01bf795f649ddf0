import type { AppliedAt } from '@quorate/raft';
import type { DeadLetter, QueueCommand, QueueReply, SettingsChange, WaitEnd } from './commands.ts';
import type { ConsumerGroup } from './consumer-group.ts';
import { post } from './letters.ts';
import type { Message } from './message.ts';
import type { Queue } from './queue.ts';
import { defaultSettings, type QueueSettings } from './settings.ts';
import type { ShardState } from './shard-state.ts';

/** How many letters one redrive moves; the caller repeats it for the rest. */
const redriveMax = 1_000;

export function define(
  state: ShardState,
  { queue: name, change }: Extract<QueueCommand, { kind: 'define' }>,
  at: AppliedAt,
): QueueReply {
  const existing = state.byName.get(name);
  if (existing === undefined) {
    const created = state.createQueue(name, changed(defaultSettings(name), change));
    return { kind: 'defined', created: true, settings: created.settings };
  }
  state.touchQueue(existing);
  existing.settings = changed(existing.settings, change);
  changeGroups(state, existing, at);
  const { first } = existing.messages;
  if (first !== undefined && !existing.purging) {
    existing.wakeAt(first.enqueuedAtMs + existing.settings.retentionMs);
  }
  return { kind: 'defined', created: false, settings: existing.settings };
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

/** A new group starts from now; what only a removed group was still to see goes with it. */
function changeGroups(state: ShardState, queue: Queue, at: AppliedAt): void {
  const wanted = new Set(queue.settings.groups);
  for (const group of [...queue.groups.values()]) {
    if (wanted.has(group.name)) continue;
    endWaits(state, group, 'group-removed');
    for (const message of messagesOf(queue)) {
      const slot = message.slots.find((one) => one.group === group);
      if (slot !== undefined) state.settle(slot, at.atMs);
    }
    queue.groups.delete(group.name);
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
  for (const group of queue.groups.values()) endWaits(state, group, 'queue-deleted');
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

/** Moves dead letters back to the group that gave them up. */
export function redrive(state: ShardState, name: string, at: AppliedAt): QueueReply {
  const queue = state.byName.get(name);
  if (queue === undefined) return { kind: 'not-found', what: 'queue' };
  let moved = 0;
  for (const message of messagesOf(queue)) {
    const { content } = message;
    const { dead } = content;
    if (dead === undefined || !isRedrivable(state, message, dead)) continue;
    if (moved === redriveMax) return { kind: 'redriving', moved, more: true };
    state.discard(message, at.atMs);
    post(state, { to: { queue: dead.queue, group: dead.group }, ...content }, at);
    moved += 1;
  }
  return { kind: 'redriving', moved, more: false };
}

/** Not while a consumer of dead letters works on it, and not to a group that is known to be gone. */
function isRedrivable(
  state: ShardState,
  { slots, number, queue }: Message,
  dead: DeadLetter,
): boolean {
  if (number <= queue.purgedTo) return false;
  if (slots.some((slot) => slot.state === 'in-flight')) return false;
  if (state.options.shardOf(dead.queue) !== state.options.shard) return true;
  return state.byName.get(dead.queue)?.groups.has(dead.group) ?? false;
}

function endWaits(state: ShardState, group: ConsumerGroup, why: WaitEnd): void {
  for (const wait of [...group.waits.values()]) {
    state.endWait(wait);
    state.events.push({ kind: 'wait-over', wait: wait.name, why });
  }
}

/** In order; the current one may leave while it is looked at. */
function* messagesOf(queue: Queue): Iterable<Message> {
  let message = queue.messages.first;
  while (message !== undefined) {
    const { next } = message;
    yield message;
    message = next;
  }
}
