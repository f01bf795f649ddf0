import type { VirtualTime } from './virtual-time.ts';

/**
 * The monotonic clock of one node: it starts anywhere, runs a little too fast or too slow, may leap
 * forward, stands still while its machine sleeps, and never goes back. No two nodes' clocks can be compared, and a test that passes only
 * when they can be has found a bug.
 */
export class NodeClock {
  private readonly time: VirtualTime;
  private localMs: number;
  private rate: number;
  private sinceMs: number;
  private standing = false;
  /** How often it has stood still; known to the machine by another clock, which went on. */
  standstills = 0;

  constructor(time: VirtualTime, startMs: number, rate: number) {
    this.time = time;
    this.localMs = startMs;
    this.rate = rate;
    this.sinceMs = time.nowMs;
  }

  nowMs(): number {
    if (this.standing) return this.localMs;
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

  get isStanding(): boolean {
    return this.standing;
  }

  standStill(): void {
    this.leap(0);
    this.standing = true;
  }

  goOn(): void {
    if (!this.standing) return;
    this.standing = false;
    this.sinceMs = this.time.nowMs;
    this.standstills++;
  }

  /** How long, in true milliseconds, until this clock has moved by `localMs`. */
  trueMs(localMs: number): number {
    return localMs / this.rate;
  }
}
