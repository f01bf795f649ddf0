import { IndexedHeap } from './indexed-heap.ts';
import type { Slot } from './slot.ts';

/** Below this many places left behind, the array is not worth copying. */
const behindMin = 1_024;

/**
 * What a group may give out now: by priority, then by age. Nearly all of it arrives in rising order and
 * leaves from the front, so each priority is an array that is walked once; only what came back, or
 * became the head of its key late, stands in a heap. A heap alone would touch twenty places of memory
 * for each of a million waiting messages.
 */
export class ReadyLine {
  readonly #lanes: (Lane | undefined)[] = [];
  size = 0;

  get first(): Slot | undefined {
    for (let priority = this.#lanes.length - 1; priority >= 0; priority--) {
      const slot = this.#lanes[priority]?.first;
      if (slot !== undefined) return slot;
    }
    return undefined;
  }

  push(slot: Slot): void {
    const { priority } = slot.message;
    while (this.#lanes.length <= priority) this.#lanes.push(undefined);
    (this.#lanes[priority] ??= new Lane()).push(slot);
    this.size += 1;
  }

  remove(slot: Slot): void {
    this.#lanes[slot.message.priority]!.remove(slot);
    this.size -= 1;
  }
}

/** A slot in the array has the `heapIndex` −2 − position, one in the heap its index there. */
class Lane {
  readonly #returned = new IndexedHeap<Slot>((a, b) => a.number < b.number);
  #arrived: (Slot | undefined)[] = [];
  /** Where the front is, and at which position the array begins: positions only grow. */
  #front = 0;
  #offset = 0;
  #newest = 0;

  get first(): Slot | undefined {
    const arrived = this.#arrived[this.#front];
    const returned = this.#returned.first;
    if (arrived === undefined || returned === undefined) return arrived ?? returned;
    return arrived.number < returned.number ? arrived : returned;
  }

  push(slot: Slot): void {
    if (slot.number < this.#newest) {
      this.#returned.push(slot);
      return;
    }
    this.#newest = slot.number;
    slot.heapIndex = -2 - (this.#offset + this.#arrived.length);
    this.#arrived.push(slot);
  }

  remove(slot: Slot): void {
    if (slot.heapIndex >= 0) {
      this.#returned.remove(slot);
      return;
    }
    this.#arrived[-2 - slot.heapIndex - this.#offset] = undefined;
    slot.heapIndex = -1;
    this.#advance();
  }

  /** The front stands on a slot, or behind the last one. */
  #advance(): void {
    const items = this.#arrived;
    while (this.#front < items.length && items[this.#front] === undefined) this.#front += 1;
    if (this.#front === items.length) {
      this.#offset += items.length;
      this.#arrived = [];
      this.#front = 0;
      this.#newest = 0;
    } else if (this.#front > behindMin && 2 * this.#front > items.length) {
      this.#offset += this.#front;
      this.#arrived = items.slice(this.#front);
      this.#front = 0;
    }
  }
}
