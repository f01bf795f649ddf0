import fc from 'fast-check';
import { FailureDetector, phiMax, type PeerState } from './failure-detector.ts';

const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
beforeAll(() => process.stdout.write(`failure detector properties: SEED=${seed}\n`));

const startMs = 1_000_000;
const deadlineMs = 2_000;
const checkEveryMs = 10;

interface Seen {
  readonly atMs: number;
  readonly state: PeerState;
  readonly phi: number;
}

/** Feeds heartbeats after the given intervals and looks every 10 ms in between. */
function observe(
  detector: FailureDetector,
  fromMs: number,
  intervalsMs: readonly number[],
): Seen[] {
  const seen: Seen[] = [];
  let heardMs = fromMs;
  for (const intervalMs of intervalsMs) {
    const nextMs = heardMs + intervalMs;
    for (let atMs = heardMs + checkEveryMs; atMs < nextMs; atMs += checkEveryMs) {
      seen.push({ atMs, state: detector.check(atMs), phi: detector.phi(atMs) });
    }
    const phi = detector.phi(nextMs);
    seen.push({ atMs: nextMs, state: detector.heartbeat(nextMs), phi });
    heardMs = nextMs;
  }
  return seen;
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
const many = (interval: fc.Arbitrary<number>) =>
  fc.array(interval, { minLength: 40, maxLength: 80 });
const regular = many(fc.integer({ min: 85, max: 115 }));
const check = <T>(arbitrary: fc.Arbitrary<T>, property: (value: T) => void) =>
  fc.assert(fc.property(arbitrary, property), { seed, numRuns: 100 });

describe('a regular stream of heartbeats', () => {
  it('is alive from the third heartbeat on, for good', () => {
    check(regular, (intervals) => {
      const seen = observe(new FailureDetector(startMs), startMs, intervals);
      const thirdMs = startMs + sum(intervals.slice(0, 3));
      expect(seen.filter(({ atMs }) => atMs >= thirdMs).every((s) => s.state === 'alive')).toBe(
        true,
      );
      expect(Math.max(...seen.map(({ phi }) => phi))).toBeLessThan(2);
    });
  });
});

describe('a jittery stream', () => {
  it('is believed once its jitter has been seen', () => {
    check(many(fc.integer({ min: 60, max: 460 })), (jittery) => {
      const detector = new FailureDetector(startMs);
      const learn = [60, 460, 60, 460, 60, 460, 60, 460, 60, 460];
      observe(detector, startMs, learn);
      const seen = observe(detector, startMs + sum(learn), jittery);
      const settled = seen.slice(seen.findIndex(({ state }) => state === 'alive'));
      expect(settled.length).toBeGreaterThan(0);
      expect(settled.every(({ state }) => state === 'alive')).toBe(true);
    });
  });

  it('is given more time than a quiet one', () => {
    check(fc.integer({ min: 150, max: 400 }), (slowMs) => {
      const quiet = new FailureDetector(startMs);
      const jittery = new FailureDetector(startMs);
      const beats = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 60 : slowMs));
      observe(
        quiet,
        startMs,
        Array.from({ length: 20 }, () => sum(beats) / 20),
      );
      observe(jittery, startMs, beats);
      const laterMs = startMs + sum(beats) + slowMs + 200;
      expect(jittery.phi(laterMs)).toBeLessThan(quiet.phi(laterMs));
    });
  });
});

describe('a stream that pauses', () => {
  const pausing = fc.record({
    before: regular,
    pauseMs: fc.integer({ min: 500, max: 4_000 }),
    after: regular,
  });

  it('is suspect in the pause, dead only past the deadline, and alive again three heartbeats later', () => {
    check(pausing, ({ before, pauseMs, after }) => {
      const detector = new FailureDetector(startMs);
      observe(detector, startMs, before);
      const pausedMs = startMs + sum(before);
      const inPause = observe(detector, pausedMs, [pauseMs]);
      expect(inPause.some(({ state }) => state === 'suspect')).toBe(true);
      for (const { atMs, state } of inPause.slice(0, -1)) {
        expect(state === 'dead').toBe(atMs - pausedMs >= deadlineMs);
      }
      const back = observe(detector, pausedMs + pauseMs, after);
      const twoMoreMs = pausedMs + pauseMs + sum(after.slice(0, 2));
      for (const { atMs, state } of back) {
        expect(state).toBe(atMs >= twoMoreMs ? 'alive' : 'suspect');
      }
    });
  });

  it('does not teach the detector to expect silence past the deadline', () => {
    check(regular, (intervals) => {
      const detector = new FailureDetector(startMs);
      observe(detector, startMs, intervals);
      const pausedMs = startMs + sum(intervals);
      const phiBefore = detector.phi(pausedMs + 300);
      detector.heartbeat(pausedMs + 60_000);
      expect(detector.phi(pausedMs + 60_300)).toBeCloseTo(phiBefore, 9);
    });
  });

  it('is not blamed for a pause of the observer that was excused', () => {
    const detector = new FailureDetector(startMs);
    observe(detector, startMs, [100, 100, 100, 100]);
    detector.excuse(5_000);
    expect(detector.check(startMs + 400 + 5_050)).toBe('alive');
    expect(detector.check(startMs + 400 + 5_050 + deadlineMs)).toBe('dead');
  });
});

describe('a stream that stops', () => {
  it('goes from alive to suspect to dead at the deadline, φ never falling, and stays dead', () => {
    check(fc.oneof(regular, many(fc.integer({ min: 60, max: 460 }))), (intervals) => {
      const detector = new FailureDetector(startMs);
      observe(detector, startMs, intervals);
      const stoppedMs = startMs + sum(intervals);
      const order: PeerState[] = [];
      let phiBefore = 0;
      for (let silenceMs = 0; silenceMs <= 10_000; silenceMs += checkEveryMs) {
        const state = detector.check(stoppedMs + silenceMs);
        const phi = detector.phi(stoppedMs + silenceMs);
        expect(phi).toBeGreaterThanOrEqual(phiBefore);
        phiBefore = phi;
        expect(state === 'dead').toBe(silenceMs >= deadlineMs);
        if (order.at(-1) !== state) {
          order.push(state);
        }
      }
      expect(phiBefore).toBe(phiMax);
      expect(order.at(-1)).toBe('dead');
      expect(['alive,suspect,dead', 'suspect,dead']).toContain(order.join(','));
    });
  });

  it('is suspected within 300 ms of a heartbeat every 100 ms', () => {
    check(regular, (intervals) => {
      const detector = new FailureDetector(startMs);
      observe(detector, startMs, intervals);
      expect(detector.check(startMs + sum(intervals) + 300)).toBe('suspect');
    });
  });
});

describe('any stream at all', () => {
  it('needs three heartbeats between suspicion and trust, so that a bad link does not flap', () => {
    check(many(fc.integer({ min: 0, max: 3_000 })), (intervals) => {
      const detector = new FailureDetector(startMs);
      let nowMs = startMs;
      let heartbeatsSinceDoubt = 0;
      let before: PeerState = detector.state;
      for (const intervalMs of intervals) {
        nowMs += intervalMs;
        if (detector.check(nowMs) !== 'alive' && before === 'alive') {
          heartbeatsSinceDoubt = 0;
        }
        before = detector.heartbeat(nowMs);
        heartbeatsSinceDoubt += 1;
        if (before === 'alive') {
          expect(heartbeatsSinceDoubt).toBeGreaterThanOrEqual(3);
        }
      }
    });
  });

  it('gives the same verdict however often one looks', () => {
    check(many(fc.integer({ min: 0, max: 3_000 })), (intervals) => {
      const watched = new FailureDetector(startMs);
      const unwatched = new FailureDetector(startMs);
      observe(watched, startMs, intervals);
      let nowMs = startMs;
      for (const intervalMs of intervals) {
        nowMs += intervalMs;
        unwatched.heartbeat(nowMs);
      }
      expect(unwatched.state).toBe(watched.state);
      expect(unwatched.phi(nowMs + 500)).toBe(watched.phi(nowMs + 500));
    });
  });
});

describe('a peer never heard', () => {
  it('is suspect at first, dead after the deadline, and trusted after three heartbeats', () => {
    const detector = new FailureDetector(startMs);
    expect(detector.state).toBe('suspect');
    expect(detector.check(startMs + deadlineMs - 1)).toBe('suspect');
    expect(detector.check(startMs + deadlineMs)).toBe('dead');
    expect([1, 2, 3].map((i) => detector.heartbeat(startMs + 5_000 + i * 100))).toEqual([
      'suspect',
      'suspect',
      'alive',
    ]);
  });

  it('must have options that make sense', () => {
    expect(() => new FailureDetector(0, { windowSize: 0 })).toThrow('windowSize');
    expect(() => new FailureDetector(0, { windowSize: 1.5 })).toThrow('integer');
    expect(() => new FailureDetector(0, { deadlineMs: 50 })).toThrow('deadlineMs');
    expect(() => new FailureDetector(0, { suspectPhi: Number.NaN })).toThrow('suspectPhi');
  });
});

it('ignores a heartbeat from the past', () => {
  const detector = new FailureDetector(startMs);
  observe(detector, startMs, [100, 100, 100]);
  const phi = detector.phi(startMs + 500);
  detector.heartbeat(startMs + 200);
  expect(detector.phi(startMs + 500)).toBe(phi);
});
