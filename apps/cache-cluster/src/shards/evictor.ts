import type { KeyVersion } from '../state-machine/commands.ts';
import type { Shard } from './shard.ts';

const dropKeysMax = 500;
const entriesMax = 200;
const workMs = 5_000;
/** Once over the bound, as far below it as this, so that not every write brings a drop with it. */
const lowMark = 0.95;

/**
 * Keeps the embedded memory within its bound: the leader of a shard proposes to drop the values that
 * were used longest ago. It goes through the log like any other drop, so every node lets go of its
 * line before it can be missed; only what is clean may go.
 */
export class Evictor {
  readonly #shard: Shard;
  readonly #bytesMax: number;
  #isBusy = false;

  constructor(shard: Shard, bytesMax: number) {
    this.#shard = shard;
    this.#bytesMax = bytesMax;
  }

  async run(): Promise<void> {
    if (this.#isBusy || this.#shard.state.valueBytes <= this.#bytesMax) return;
    this.#isBusy = true;
    try {
      for (let entries = 0; entries < entriesMax; entries++) {
        const keys = this.#leastUsed();
        if (keys.length === 0 || this.#shard.group.status().role !== 'leader') return;
        const dropped = await this.#shard.group.propose(
          { kind: 'drop', keys, why: 'evicted' },
          { deadlineMs: this.#shard.nowMs() + workMs },
        );
        if (dropped.kind !== 'applied') return;
      }
    } finally {
      this.#isBusy = false;
    }
  }

  #leastUsed(): readonly KeyVersion[] {
    const { state } = this.#shard;
    let over = state.valueBytes - this.#bytesMax * lowMark;
    const keys: KeyVersion[] = [];
    for (const { key, entry, item } of state.useOrder) {
      if (over <= 0 || keys.length === dropKeysMax) break;
      if (entry.dirty || item === undefined) continue;
      keys.push({ key, version: entry.version });
      over -= item.value.bytes.length;
    }
    return keys;
  }
}
