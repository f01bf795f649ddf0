/** How long nothing at all was done in one lane, and what was going on meanwhile. */
export interface Gap {
  readonly lane: string;
  readonly fromMs: number;
  readonly lengthMs: number;
}

/** Counts what was done, and when: the gaps are where the service was away. */
export class Pulse {
  private readonly lanes = new Map<string, number[]>();
  private readonly clock: () => number;
  private counted = 0;

  constructor(clock: () => number = () => performance.now()) {
    this.clock = clock;
  }

  /** A change was acknowledged in this lane (a shard's queue, a key, or the one group there is). */
  beat(lane: string): void {
    this.counted += 1;
    const beats = this.lanes.get(lane);
    if (beats === undefined) this.lanes.set(lane, [this.clock()]);
    else beats.push(this.clock());
  }

  get beats(): number {
    return this.counted;
  }

  /** The longest silence of any lane that began or went on between these moments. */
  longestGap(fromMs: number, toMs: number): Gap | undefined {
    let longest: Gap | undefined;
    for (const [lane, beats] of this.lanes) {
      for (let i = firstAfter(beats, fromMs); i < beats.length; i++) {
        const previous = beats[i - 1];
        if (previous === undefined) continue;
        if (previous > toMs) break;
        const lengthMs = beats[i]! - previous;
        if (longest === undefined || lengthMs > longest.lengthMs) {
          longest = { lane, fromMs: previous, lengthMs };
        }
      }
    }
    return longest;
  }
}

function firstAfter(beats: readonly number[], atMs: number): number {
  let low = 0;
  let high = beats.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (beats[middle]! > atMs) high = middle;
    else low = middle + 1;
  }
  return low;
}
