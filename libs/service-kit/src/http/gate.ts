import type { Limits } from './limits.ts';

/**
 * Counts what is open, so that overload is answered and never queued. Requests at work and requests
 * that wait have separate bounds: a thousand parked acquires must not keep a release from coming in.
 */
export class Gate {
  inFlight = 0;
  parked = 0;
  readonly #inFlightMax: number;
  readonly #parkedMax: number;

  constructor(limits: Limits) {
    this.#inFlightMax = limits.inFlightMax;
    this.#parkedMax = limits.parkedMax;
  }

  enter(): boolean {
    if (this.inFlight >= this.#inFlightMax) return false;
    this.inFlight += 1;
    return true;
  }

  park(): boolean {
    if (this.parked >= this.#parkedMax) return false;
    this.inFlight -= 1;
    this.parked += 1;
    return true;
  }
}
