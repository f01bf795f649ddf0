import { defaultSettings, type QueueSettings } from './settings.ts';

type LookUp = (
  queue: string,
) => Pick<QueueSettings, 'maxDeliveries' | 'deadLetterQueue'> | undefined;

/** Nobody chains dead-letter queues further than this; who does is told so. */
const chainMax = 16;

/**
 * Follows a queue's dead letters from queue to queue. Should they come back, a message that nobody can
 * work on would go round for ever; the queues on the way are answered then. A queue that does not
 * exist yet is taken as it would be made, and one that gives nothing up ends the chain.
 */
export function deadLetterCycle(queue: string, lookUp: LookUp): readonly string[] | undefined {
  const chain = [queue];
  for (;;) {
    const last = chain[chain.length - 1]!;
    const { maxDeliveries, deadLetterQueue } = lookUp(last) ?? defaultSettings(last);
    if (maxDeliveries === 0) return undefined;
    chain.push(deadLetterQueue);
    if (chain.indexOf(deadLetterQueue) < chain.length - 1 || chain.length > chainMax) return chain;
  }
}
