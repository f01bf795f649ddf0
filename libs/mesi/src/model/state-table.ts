/** Bound once: a global is slow to look up where tests run, and these run millions of times. */
const { imul } = Math;

const initialCapacity = 1 << 12;

/**
 * The states seen so far, numbered in the order in which they were found: an open-addressing hash
 * table over states stored end to end in one growing buffer. Two states are the same when all their
 * bytes are; the hash only says where to look.
 */
export class StateTable {
  /** States are padded to whole words: hashing and comparing four bytes at a time is most of the speed. */
  readonly #words: number;
  readonly #probe: Int32Array;
  readonly #probeBytes: Uint8Array;
  #states: Int32Array;
  #parents: Int32Array;
  #hashes: Int32Array;
  /** Slot → number of the state, or −1. Twice as many slots as states, a power of two. */
  #slots: Int32Array;
  #size = 0;

  constructor(stateBytes: number) {
    this.#words = Math.ceil(stateBytes / 4);
    this.#probe = new Int32Array(this.#words);
    this.#probeBytes = new Uint8Array(this.#probe.buffer);
    this.#states = new Int32Array(initialCapacity * this.#words);
    this.#parents = new Int32Array(initialCapacity);
    this.#hashes = new Int32Array(initialCapacity);
    this.#slots = new Int32Array(initialCapacity * 2).fill(-1);
  }

  get size(): number {
    return this.#size;
  }

  /** The number given to a state seen for the first time; −1 for one already known. */
  add(state: Uint8Array, parent: number): number {
    this.#probeBytes.set(state);
    const hash = hashOf(this.#probe);
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const known = this.#slots[slot]!;
      if (known < 0) {
        break;
      }
      if (this.#hashes[known] === hash && this.#equalsProbe(known)) {
        return -1;
      }
      slot = (slot + 1) & mask;
    }
    const id = this.#size++;
    this.#slots[slot] = id;
    this.#states.set(this.#probe, id * this.#words);
    this.#parents[id] = parent;
    this.#hashes[id] = hash;
    if (this.#size === this.#parents.length) {
      this.#grow();
    }
    return id;
  }

  parentOf(id: number): number {
    return this.#parents[id]!;
  }

  read(id: number, into: Uint8Array): void {
    const start = id * this.#words;
    this.#probe.set(this.#states.subarray(start, start + this.#words));
    into.set(this.#probeBytes.subarray(0, into.length));
  }

  #equalsProbe(id: number): boolean {
    const start = id * this.#words;
    for (let i = 0; i < this.#words; i++) {
      if (this.#states[start + i] !== this.#probe[i]) {
        return false;
      }
    }
    return true;
  }

  #grow(): void {
    const capacity = this.#parents.length * 2;
    this.#states = grown(this.#states, capacity * this.#words);
    this.#parents = grown(this.#parents, capacity);
    this.#hashes = grown(this.#hashes, capacity);
    this.#slots = new Int32Array(capacity * 2).fill(-1);
    const mask = this.#slots.length - 1;
    for (let id = 0; id < this.#size; id++) {
      let slot = this.#hashes[id]! & mask;
      while (this.#slots[slot]! >= 0) {
        slot = (slot + 1) & mask;
      }
      this.#slots[slot] = id;
    }
  }
}

function grown(array: Int32Array, length: number): Int32Array {
  const longer = new Int32Array(length);
  longer.set(array);
  return longer;
}

/** FNV-1a over words, each stirred downwards because only the low bits choose the slot. */
function hashOf(words: Int32Array): number {
  let hash = 0x811c9dc5 | 0;
  for (const word of words) {
    hash = imul(hash ^ word, 0x01000193);
    hash ^= hash >>> 15;
  }
  hash = imul(hash, 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}
