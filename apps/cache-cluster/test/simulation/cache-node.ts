import { silentLogger } from '@quorate/service-kit';
import type { SimulatedCluster } from '@quorate/testkit';
import { createBusCounts } from '../../src/lines/bus-counts.ts';
import { LineCache } from '../../src/lines/line-cache.ts';
import type { Memory, ShardMemory } from '../../src/memory/memory.ts';
import { Flusher } from '../../src/shards/flusher.ts';
import { Reader } from '../../src/shards/reader.ts';
import { Shard } from '../../src/shards/shard.ts';
import type { CacheMachine } from '../../src/state-machine/cache-machine.ts';
import type { CacheCommand, CacheEvent, CacheReply } from '../../src/state-machine/commands.ts';

export type CacheCluster = SimulatedCluster<CacheMachine, CacheCommand, CacheReply, CacheEvent>;

const upkeepMs = 50;

/** One life of one node: what `app.ts` makes of its shard, without HTTP in front. */
export class CacheNode {
  readonly lines = new LineCache({ linesMax: 2, bytesMax: 100_000 });
  readonly shard: Shard;
  readonly reader: Reader;
  lost = 0;
  readonly #flusher: Flusher;

  constructor(
    cluster: CacheCluster,
    id: string,
    memory: Pick<Memory, 'source' | 'keepsValues'> & { readonly shard: ShardMemory },
  ) {
    const { replica, machine, process, clock } = cluster.node(id);
    const nowMs = () => clock.nowMs();
    this.shard = new Shard({
      number: 0,
      group: replica!,
      machine: machine!,
      life: { node: id as never, incarnation: process.incarnation },
      lines: this.lines,
      memory: memory.shard,
      counts: createBusCounts(),
      nowMs,
    });
    this.reader = new Reader(this.shard, memory.source, (keys) => (this.lost += keys));
    this.#flusher = new Flusher(this.shard, memory, silentLogger());
    const upkeep = (): void => {
      void this.#flusher.run();
      process.after(upkeepMs, upkeep);
    };
    process.after(upkeepMs, upkeep);
  }
}
