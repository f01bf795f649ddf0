import { StandstillClock } from './standstill-clock.ts';

/** A machine whose clocks are moved by hand. */
class Machine {
  monotonicMs = 5_000;
  wallMs = 1_700_000_000_000;
  /** Between two readings the process loses its core for so long, once. */
  interruptedMs = 0;
  readonly clock = new StandstillClock({
    monotonicMs: () => {
      const read = this.monotonicMs;
      this.runs(this.interruptedMs);
      this.interruptedMs = 0;
      return read;
    },
    // Whole milliseconds, as `Date.now` tells them.
    wallMs: () => Math.floor(this.wallMs),
  });

  runs(elapsedMs: number): void {
    this.monotonicMs += elapsedMs;
    this.wallMs += elapsedMs;
  }

  sleeps(elapsedMs: number): void {
    this.wallMs += elapsedMs;
  }
}

describe('a standstill of the monotonic clock', () => {
  it('is noticed after a sleep, however short against a lease, and once', () => {
    const machine = new Machine();
    machine.runs(70_000.3);
    expect(machine.clock.standstills()).toBe(0);
    machine.sleeps(10);
    expect(machine.clock.standstills()).toBe(1);
    machine.runs(3);
    expect(machine.clock.standstills()).toBe(1);
    machine.sleeps(3_600_000);
    expect(machine.clock.standstills()).toBe(2);
  });

  it('is not seen in time that runs, read at any fraction of a millisecond', () => {
    const machine = new Machine();
    for (let i = 0; i < 1_000; i++) {
      machine.runs(0.37 * (i % 7));
      expect(machine.clock.standstills()).toBe(0);
    }
  });

  it('is not seen in an interruption between the readings of two clocks', () => {
    const machine = new Machine();
    machine.interruptedMs = 40;
    expect(machine.clock.standstills()).toBe(0);
    machine.sleeps(40);
    expect(machine.clock.standstills()).toBe(1);
  });

  it('is noticed after the wall clock was set back', () => {
    const machine = new Machine();
    machine.wallMs -= 60_000;
    expect(machine.clock.standstills()).toBe(0);
    machine.sleeps(500);
    expect(machine.clock.standstills()).toBe(1);
  });

  it('cannot be told from a wall clock that was set forward', () => {
    const machine = new Machine();
    machine.wallMs += 60_000;
    expect(machine.clock.standstills()).toBe(1);
    expect(machine.clock.standstills()).toBe(1);
  });
});
