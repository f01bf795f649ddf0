import { performance } from 'node:perf_hooks';

export interface Clocks {
  /** Stands still while a machine sleeps (CLOCK_MONOTONIC of Linux). */
  readonly monotonicMs: () => number;
  /** Goes on, and is set forward and back by whoever keeps it. */
  readonly wallMs: () => number;
}

const machineClocks: Clocks = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
};

/** The wall clock tells whole milliseconds only. It counts against the drift that leases allow for. */
const toleranceMs = 2;

/**
 * Notices that the monotonic clock stood still while the wall clock went on. The two differ by a
 * constant but for that, and for a wall clock that was set: set forward, it looks the same, and costs
 * the leases of this node a moment; set back, it is followed. A machine that sleeps and finds its wall
 * clock where it left it has no clock that knows, and is not noticed.
 */
export class StandstillClock {
  readonly #clocks: Clocks;
  #wallAheadMs: number;
  #standstills = 0;

  constructor(clocks: Clocks = machineClocks) {
    this.#clocks = clocks;
    this.#wallAheadMs = this.#readAhead();
  }

  standstills(): number {
    if (this.#isFurtherAhead() && this.#isFurtherAhead()) {
      this.#standstills += 1;
      this.#wallAheadMs = this.#readAhead();
    }
    return this.#standstills;
  }

  /** Asked twice: this process may have lost its core between the two readings. */
  #isFurtherAhead(): boolean {
    const aheadMs = this.#readAhead();
    if (aheadMs < this.#wallAheadMs) this.#wallAheadMs = aheadMs;
    return aheadMs - this.#wallAheadMs > toleranceMs;
  }

  /** The wall clock second: a delay between the two makes it look ahead, and never behind. */
  #readAhead(): number {
    const monotonicMs = this.#clocks.monotonicMs();
    return this.#clocks.wallMs() - monotonicMs;
  }
}
