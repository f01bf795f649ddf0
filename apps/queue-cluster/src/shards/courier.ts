import type { NumberedLetter } from '../state-machine/commands.ts';
import type { Shard } from './shard.ts';

const batchMax = 100;

/**
 * Carries letters (dead letters, redriven messages) from the outbox of each shard this node leads to
 * the shard they are for, one batch at a time per pair: the other shard takes each number once, then
 * this one forgets what has arrived. A crash in between repeats the batch, and the repetition is
 * passed over. Ran now and then; a letter is in no hurry, but it is never lost.
 */
export class Courier {
  readonly #shards: readonly Shard[];
  readonly #underway = new Set<string>();

  constructor(shards: readonly Shard[]) {
    this.#shards = shards;
  }

  run(deadlineMs: number): void {
    for (const from of this.#shards) {
      if (from.state.outbox.size === 0 || from.group.status().role !== 'leader') continue;
      for (const [toShard, letters] of this.#gather(from)) {
        const pair = `${from.number}>${toShard}`;
        if (this.#underway.has(pair)) continue;
        this.#underway.add(pair);
        void this.#carry(from, { toShard, letters, deadlineMs }).finally(() =>
          this.#underway.delete(pair),
        );
      }
    }
  }

  async #carry(
    from: Shard,
    load: { toShard: number; letters: readonly NumberedLetter[]; deadlineMs: number },
  ): Promise<void> {
    const { toShard, letters, deadlineMs } = load;
    const to = this.#shards[toShard]!;
    const accepted = await to.propose(
      { kind: 'accept-letters', fromShard: from.number, letters },
      { deadlineMs },
    );
    // Only what has arrived is forgotten; a gap may have ended the batch early.
    if (accepted.kind !== 'applied' || accepted.reply.kind !== 'letters-seen') return;
    const { upTo } = accepted.reply;
    await from.propose({ kind: 'letters-accepted', byShard: toShard, upTo }, { deadlineMs });
  }

  #gather(from: Shard): ReadonlyMap<number, readonly NumberedLetter[]> {
    const perShard = new Map<number, NumberedLetter[]>();
    for (const [key, letter] of from.state.outbox) {
      const [toShard, number] = key.split('/').map(Number) as [number, number];
      const letters = perShard.get(toShard) ?? [];
      if (letters.length < batchMax) letters.push({ number, letter });
      perShard.set(toShard, letters);
    }
    return perShard;
  }
}
