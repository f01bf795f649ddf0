/**
 * A seeded generator of good statistical quality and 32-bit state (sfc32, Chris Doty-Humphrey's
 * "small fast counting" generator). Everything random in a simulation comes from one of these, so that
 * one number replays the whole run.
 *
 * `split` derives an independent stream by name. Whoever draws more or fewer numbers from one stream
 * (a new fault, say) does not disturb the others, and so an old seed stays as telling as it can.
 */
export class Generator {
  private a: number;
  private b: number;
  private c: number;
  private counter: number;

  constructor(seed: number | string) {
    const words = seedWords(String(seed));
    this.a = words[0];
    this.b = words[1];
    this.c = words[2];
    this.counter = 1;
    for (let i = 0; i < 12; i++) this.word();
  }

  /** An unsigned 32-bit word. */
  word(): number {
    const mixed = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + mixed;
    this.c |= 0;
    return mixed >>> 0;
  }

  /** Uniform in [0, 1). */
  next(): number {
    return this.word() / 4294967296;
  }

  /** Uniform among the integers from `min` to `max`, both included. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  /** Uniform in [min, max). */
  between(min: number, max: number): number {
    return min + this.next() * (max - min);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('nothing to pick from');
    return items[Math.floor(this.next() * items.length)]!;
  }

  /** Long-tailed waiting times: most are short, and some are far beyond the mean. */
  exponential(mean: number): number {
    return -Math.log(1 - this.next()) * mean;
  }

  shuffle<T>(items: readonly T[]): T[] {
    const out = [...items];
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.integer(0, i);
      const held = out[i]!;
      out[i] = out[j]!;
      out[j] = held;
    }
    return out;
  }

  /** An independent stream; asks for one word, so that equal labels at different times differ. */
  split(label: string): Generator {
    return new Generator(`${String(this.word())}/${label}`);
  }
}

/** Three words that depend on every character (a xmur3-like mix with a different start each). */
function seedWords(text: string): [number, number, number] {
  return [mix(text, 0x9e3779b9), mix(text, 0x243f6a88), mix(text, 0xb7e15162)];
}

function mix(text: string, start: number): number {
  let hash = start ^ text.length;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 3432918353);
    hash = (hash << 13) | (hash >>> 19);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 2246822507);
  hash = Math.imul(hash ^ (hash >>> 13), 3266489909);
  return (hash ^ (hash >>> 16)) >>> 0;
}
