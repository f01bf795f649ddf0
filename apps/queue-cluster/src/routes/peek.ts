import { describe } from '../state-machine/deliver.ts';
import { defaultGroup } from '../state-machine/settings.ts';
import type { ShardState } from '../state-machine/shard-state.ts';
import { messageJson } from './delivered-json.ts';

/** How far a peek looks past messages that other groups have still to see. */
const lookedAtMax = 10_000;

/** The first messages in the queue's order, whatever their state; nothing is taken. */
export function peekQueue(
  state: ShardState,
  name: string,
  {
    group,
    max,
    bytesMax,
  }: { readonly group: string | undefined; readonly max: number; readonly bytesMax: number },
): Buffer | 'no-queue' | 'no-group' {
  const queue = state.byName.get(name);
  if (queue === undefined) return 'no-queue';
  const found = queue.groups.get(group ?? defaultGroup);
  if (found === undefined) return 'no-group';
  const texts: string[] = [];
  let looked = 0;
  let bytes = 0;
  for (let message = queue.messages.first; message !== undefined; message = message.next) {
    if (texts.length === max || looked === lookedAtMax) break;
    looked += 1;
    const slot = message.slots.find((one) => one.group === found);
    if (slot === undefined || message.purged) continue;
    bytes += message.size;
    if (texts.length > 0 && bytes > bytesMax) break;
    const text = messageJson({
      ...describe(state, slot, message.enqueuedAtMs),
      receipt: undefined,
    });
    texts.push(`${text.slice(0, -1)},"state":"${slot.state.replace('-', '_')}"}`);
  }
  return Buffer.from(`{"messages":[${texts.join(',')}]}`);
}
