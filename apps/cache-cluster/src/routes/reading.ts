import { isProblem, type Context } from '@quorate/service-kit';
import type { FoundValue, Looked } from './answers.ts';
import { shardNumberOf, type Desk } from './desk.ts';

/** A hit: nobody is asked and nothing is waited for. `undefined`: there is more to do. */
export function hit(
  desk: Desk,
  key: string,
): (Looked & { readonly found: FoundValue }) | undefined {
  const line = desk.lines.find(key);
  if (line === undefined) return undefined;
  const shard = desk.shards[line.shard]!;
  if (!shard.serves(line)) return undefined;
  desk.reads.hits += 1;
  const { item, state } = line;
  return { found: { kind: 'value', item, state, source: 'cache' }, clock: shard.group };
}

export async function lookUp(
  desk: Desk,
  key: string,
  options: {
    readonly consistency: 'linearizable' | 'stale' | undefined;
    readonly context: Pick<Context, 'deadlineMs'>;
  },
): Promise<Looked> {
  const number = shardNumberOf(desk.ring, key);
  const reader = desk.readers[number]!;
  const { deadlineMs } = options.context;
  const found =
    options.consistency === 'stale'
      ? await reader.readStale(key, deadlineMs)
      : await reader.read(key, deadlineMs);
  const fromCache = !isProblem(found) && found.kind === 'value' && found.source === 'cache';
  if (fromCache) desk.reads.hits += 1;
  else desk.reads.misses += 1;
  return { found, clock: desk.shards[number]!.group };
}
