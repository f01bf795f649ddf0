import type { Memory, ShardMemory } from './memory.ts';

/**
 * Without Redis the replicated state keeps every value, and is memory itself: a flush has nowhere to
 * write to and only says that the value is no longer ahead of anything. So M, E and S mean the same
 * as with Redis, and the way that a write takes is the same.
 */
export function embeddedMemory(): Memory {
  const shard: ShardMemory = {
    available: true,
    // Asked only for values written while Redis was the memory: they are not here.
    fetch: (keys) => Promise.resolve({ kind: 'fetched', items: keys.map(() => undefined) }),
    flush: ({ writes }) => Promise.resolve({ kind: 'flushed', results: writes.map(written) }),
    readMark: () => Promise.resolve('present'),
  };
  return {
    source: 'memory',
    keepsValues: true,
    shard: () => shard,
    durability: () =>
      Promise.resolve({
        level: 'info',
        statement: 'values are kept in the replicated log, on a majority of disks',
      }),
    close: () => Promise.resolve(),
  };
}

const written = (): 'written' => 'written';
