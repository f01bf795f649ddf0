import type { VirtualTime } from './virtual-time.ts';

/**
 * The monotonic clock of one node: it starts anywhere, runs a little too fast or too slow, may leap
 * forward, and never goes back. No two nodes' clocks can be compared, and a test that passes only
 * when they can be has found a bug.
 */
export class NodeClock {
  private readonly time: VirtualTime;
  private localMs: number;
  private rate: number;
  private sinceMs: number;

  constructor(time: VirtualTime, startMs: number, rate: number) {
    this.time = time;
    this.localMs = startMs;
    this.rate = rate;
    this.sinceMs = time.nowMs;
  }

  nowMs(): number {
    return this.localMs + (this.time.nowMs - this.sinceMs) * this.rate;
  }

  /** From now on one true millisecond moves this clock by `rate`. */
  drift(rate: number): void {
    this.localMs = this.nowMs();
    this.sinceMs = this.time.nowMs;
    this.rate = rate;
  }

  leap(forwardMs: number): void {
    this.localMs = this.nowMs() + Math.max(0, forwardMs);
    this.sinceMs = this.time.nowMs;
  }

  /** How long, in true milliseconds, until this clock has moved by `localMs`. */
  trueMs(localMs: number): number {
    return localMs / this.rate;
  }
}
