import type { VirtualTime } from '../virtual-time/virtual-time.ts';

/**
 * The comings and goings of one simulated process: what it set in motion dies with its life, and is
 * held back while it is paused, as a stopped process finds everything waiting when it goes on.
 */
export class SimulatedProcess {
  private readonly time: VirtualTime;
  /** Called after anything ran in this process. */
  private readonly afterTurn: () => void;
  private life = 0;
  private running = false;
  private paused = false;
  private held: (() => void)[] = [];

  constructor(time: VirtualTime, afterTurn: () => void) {
    this.time = time;
    this.afterTurn = afterTurn;
  }

  get isUp(): boolean {
    return this.running;
  }

  get isPaused(): boolean {
    return this.paused;
  }

  /** Counts from 1; never reused, so it serves as the incarnation. */
  get incarnation(): number {
    return this.life;
  }

  begin(): void {
    this.life++;
    this.running = true;
  }

  end(): void {
    this.running = false;
    this.paused = false;
    this.held = [];
  }

  /** Runs in this life of the process, or not at all. */
  after(delayMs: number, run: () => void): void {
    const { life } = this;
    this.time.after(delayMs, () => this.enter(life, run));
  }

  /** Something reaches the process from outside, now. */
  take(run: () => void): void {
    this.enter(this.life, run);
  }

  pause(): void {
    if (this.running) this.paused = true;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    const { life, held } = this;
    this.held = [];
    for (const run of held) this.time.after(0, () => this.enter(life, run));
  }

  private enter(life: number, run: () => void): void {
    if (!this.running || life !== this.life) return;
    if (this.paused) {
      this.held.push(run);
      return;
    }
    run();
    this.afterTurn();
  }
}
