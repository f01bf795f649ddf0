import { EventQueue } from './event-queue.ts';

/**
 * Time that passes only from one event to the next. Ten minutes of a cluster's life take as long as
 * the work in them takes.
 */
export class VirtualTime {
  private readonly queue = new EventQueue();
  private now = 0;
  private count = 0;

  get nowMs(): number {
    return this.now;
  }

  get eventsRun(): number {
    return this.count;
  }

  get pending(): number {
    return this.queue.size;
  }

  after(delayMs: number, run: () => void): void {
    this.queue.push(this.now + Math.max(0, delayMs), run);
  }

  at(atMs: number, run: () => void): void {
    this.queue.push(Math.max(this.now, atMs), run);
  }

  /** Runs the next event; false when nothing is left to happen. */
  step(): boolean {
    const event = this.queue.pop();
    if (event === undefined) return false;
    this.now = event.atMs;
    this.count++;
    event.run();
    return true;
  }

  /** Runs what is due until `atMs`, and leaves the clock there. */
  runUntil(atMs: number): void {
    for (;;) {
      const next = this.queue.peek();
      if (next === undefined || next.atMs > atMs) break;
      this.step();
    }
    this.now = Math.max(this.now, atMs);
  }
}
