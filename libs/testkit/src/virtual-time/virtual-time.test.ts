import fc from 'fast-check';
import { EventQueue } from './event-queue.ts';
import { NodeClock } from './node-clock.ts';
import { VirtualTime } from './virtual-time.ts';

describe('the event queue', () => {
  it('gives events back by time, and by arrival at one time', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (times) => {
        const queue = new EventQueue();
        const out: [number, number][] = [];
        times.forEach((atMs, arrival) => queue.push(atMs, () => out.push([atMs, arrival])));
        for (let next = queue.pop(); next !== undefined; next = queue.pop()) next.run();
        const wanted = times
          .map((atMs, arrival): [number, number] => [atMs, arrival])
          .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
        expect(out).toEqual(wanted);
      }),
    );
  });
});

describe('virtual time', () => {
  it('stands still until an event is due, and then is exactly there', () => {
    const time = new VirtualTime();
    const seen: number[] = [];
    time.after(5, () => {
      seen.push(time.nowMs);
      time.after(2.5, () => seen.push(time.nowMs));
    });
    while (time.step());
    expect(seen).toEqual([5, 7.5]);
  });

  it('stops where it is told to, between two events', () => {
    const time = new VirtualTime();
    let ran = false;
    time.after(10, () => (ran = true));
    time.runUntil(9);
    expect([time.nowMs, ran]).toEqual([9, false]);
  });
});

describe('the clock of a node', () => {
  it('drifts at its rate, leaps forward, and never goes back', () => {
    const time = new VirtualTime();
    const clock = new NodeClock(time, 1_000, 1.1);
    time.runUntil(100);
    expect(clock.nowMs()).toBeCloseTo(1_110);
    clock.drift(0.5);
    time.runUntil(200);
    expect(clock.nowMs()).toBeCloseTo(1_160);
    clock.leap(40);
    clock.leap(-40);
    expect(clock.nowMs()).toBeCloseTo(1_200);
  });

  it('stands still while its machine sleeps, and is known to have', () => {
    const time = new VirtualTime();
    const clock = new NodeClock(time, 1_000, 1);
    time.runUntil(10);
    clock.standStill();
    time.runUntil(500);
    expect([clock.nowMs(), clock.standstills]).toEqual([1_010, 0]);
    clock.goOn();
    time.runUntil(505);
    expect([clock.nowMs(), clock.standstills]).toEqual([1_015, 1]);
  });
});
