/** How long a message that failed rests before it is offered again: base × 2^(failures − 1). */
export interface Backoff {
  readonly baseMs: number;
  readonly maxMs: number;
}

export interface QueueSettings {
  /** How long a delivery is leased when the consumer names no time. */
  readonly visibilityMs: number;
  /** Failed deliveries after which a message becomes a dead letter; 0 for never. */
  readonly maxDeliveries: number;
  readonly deadLetterQueue: string;
  readonly retentionMs: number;
  readonly backoff: Backoff | undefined;
  readonly groups: readonly string[];
}

export const defaultQueue = 'default';
export const defaultGroup = 'default';

const deadLetterSuffix = '.dlq';

/** A queue and its default dead-letter queue share a shard, so that the move is one log entry. */
export const placementName = (queue: string): string =>
  queue.endsWith(deadLetterSuffix) ? queue.slice(0, -deadLetterSuffix.length) : queue;

/** A dead-letter queue does not pass its letters on. */
export const defaultSettings = (queue: string): QueueSettings => ({
  visibilityMs: 30_000,
  maxDeliveries: queue.endsWith(deadLetterSuffix) ? 0 : 5,
  deadLetterQueue: queue.endsWith(deadLetterSuffix) ? queue : queue + deadLetterSuffix,
  retentionMs: 4 * 24 * 3_600_000,
  backoff: undefined,
  groups: [defaultGroup],
});

/** The rest after the given number of failures. */
export function backoffMs(backoff: Backoff | undefined, failures: number): number {
  if (backoff === undefined) return 0;
  return Math.min(backoff.maxMs, backoff.baseMs * 2 ** Math.min(failures - 1, 30));
}
