import type { NumberedLetter } from '../state-machine/commands.ts';
import { outboxKey } from '../state-machine/letters.ts';
import { sizeOf } from '../state-machine/message.ts';
import type { Shard } from './shard.ts';

/** A batch is one entry of the other shard's log: bounded in number and, after its first letter, bytes. */
export const lettersMax = 100;
export const batchBytesMax = 1 << 20;
/** One run carries so many batches per pair, then lets the next look at who leads. */
const batchesMax = 50;

type Carrying = Pick<Shard, 'number' | 'state' | 'group' | 'propose'>;

/**
 * Carries letters (dead letters, redriven messages) from the outbox of each shard this node leads to
 * the shard they are for, one batch at a time per pair: the other shard takes each number once, then
 * this one forgets what has arrived. A crash in between repeats the batch, and the repetition is
 * passed over. Ran now and then; a letter is in no hurry, but it is never lost.
 */
export class Courier {
  readonly #shards: readonly Carrying[];
  readonly #underway = new Set<string>();

  constructor(shards: readonly Carrying[]) {
    this.#shards = shards;
  }

  /** Resolves when what it took along has arrived, or has not. */
  async run(deadlineMs: number): Promise<void> {
    const journeys: Promise<void>[] = [];
    for (const from of this.#shards) {
      if (from.state.outbox.size === 0 || from.group.status().role !== 'leader') continue;
      for (const toShard of from.state.lettersSent.keys()) {
        const pair = `${from.number}>${toShard}`;
        if (this.#underway.has(pair)) continue;
        this.#underway.add(pair);
        const journey = this.#carryAll(from, toShard, deadlineMs);
        journeys.push(journey.finally(() => this.#underway.delete(pair)));
      }
    }
    await Promise.all(journeys);
  }

  async #carryAll(from: Carrying, toShard: number, deadlineMs: number): Promise<void> {
    for (let batch = 0; batch < batchesMax; batch++) {
      const letters = gather(from, toShard);
      if (letters.length === 0) return;
      if (!(await this.#carry(from, { toShard, letters, deadlineMs }))) return;
    }
  }

  /** False when something is in doubt: the next run finds out where things stand. */
  async #carry(
    from: Carrying,
    load: { toShard: number; letters: readonly NumberedLetter[]; deadlineMs: number },
  ): Promise<boolean> {
    const { toShard, letters, deadlineMs } = load;
    const to = this.#shards[toShard]!;
    const accepted = await to.propose(
      { kind: 'accept-letters', fromShard: from.number, letters },
      { deadlineMs },
    );
    // Only what has arrived is forgotten; a gap may have ended the batch early.
    if (accepted.kind !== 'applied' || accepted.reply.kind !== 'letters-seen') return false;
    const { upTo } = accepted.reply;
    const forgotten = await from.propose(
      { kind: 'letters-accepted', byShard: toShard, upTo },
      { deadlineMs },
    );
    return forgotten.kind === 'applied';
  }
}

/** The oldest letters for that shard: the outbox begins after what it has taken in. */
function gather({ state }: Carrying, toShard: number): readonly NumberedLetter[] {
  const done = state.lettersDone.get(toShard) ?? 0;
  const letters: NumberedLetter[] = [];
  let bytes = 0;
  for (let number = done + 1; letters.length < lettersMax; number++) {
    const letter = state.outbox.get(outboxKey(toShard, number));
    if (letter === undefined) break;
    bytes += sizeOf(letter);
    if (letters.length > 0 && bytes > batchBytesMax) break;
    letters.push({ number, letter });
  }
  return letters;
}
