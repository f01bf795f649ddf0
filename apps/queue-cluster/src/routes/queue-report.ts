import { z } from 'zod';
import type { Shard } from '../shards/shard.ts';
import type { Queue } from '../state-machine/queue.ts';
import type { QueueSettings } from '../state-machine/settings.ts';

const gauges = {
  depth: z.int().describe('Messages not acked'),
  ready: z.int().describe('Could be delivered now'),
  delayed: z.int().describe('Rest until their delay is over'),
  in_flight: z.int().describe('Leased to consumers'),
};

export const queueReport = z
  .looseObject({
    queue: z.string(),
    shard: z.int(),
    leader: z.string().nullable().describe('The node that leads the shard'),
    ...gauges,
    dead_lettered: z.int().describe('Messages given up since the queue was made'),
    oldest_age_ms: z.number().nullable(),
    groups: z.record(z.string(), z.looseObject({ ...gauges, lag: z.int(), waiting: z.int() })),
  })
  .meta({ id: 'Queue' });

export const settingsBody = (settings: QueueSettings): object => ({
  visibility_ms: settings.visibilityMs,
  max_deliveries: settings.maxDeliveries,
  dead_letter_queue: settings.deadLetterQueue,
  retention_ms: settings.retentionMs,
  backoff: settings.backoff
    ? { base_ms: settings.backoff.baseMs, max_ms: settings.backoff.maxMs }
    : null,
  group_names: settings.groups,
});

/** The queue's own gauges are those of its groups, added up; its depth counts each message once. */
export function describeQueue(shard: Shard, queue: Queue): z.infer<typeof queueReport> {
  const { clockMs, leader } = shard.group.status();
  const groups = Object.fromEntries(
    [...queue.groups.values()].map(({ name, depth, ready, delayed, inFlight, waits }) => [
      name,
      { depth, ready, delayed, in_flight: inFlight, lag: depth, waiting: waits.size },
    ]),
  );
  const sum = (pick: (group: (typeof groups)[string]) => number): number =>
    Object.values(groups).reduce((total, group) => total + pick(group), 0);
  const { first } = queue.messages;
  return {
    queue: queue.name,
    shard: shard.number,
    leader: leader ?? null,
    depth: queue.messageCount,
    ready: sum((group) => group.ready),
    delayed: sum((group) => group.delayed),
    in_flight: sum((group) => group.in_flight),
    dead_lettered: queue.deadLettered,
    oldest_age_ms:
      first === undefined ? null : Math.max(0, Math.round(clockMs - first.enqueuedAtMs)),
    ...settingsBody(queue.settings),
    groups,
  };
}
