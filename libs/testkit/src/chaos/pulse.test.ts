import { Pulse } from './pulse.ts';
import { judgeGaps } from './report.ts';

const pulseOf = (lanes: Readonly<Record<string, readonly number[]>>): Pulse => {
  let nowMs = 0;
  const pulse = new Pulse(() => nowMs);
  for (const [lane, beats] of Object.entries(lanes)) {
    for (nowMs of beats) pulse.beat(lane);
  }
  return pulse;
};

it('tells the longest silence of any lane that overlaps a time', () => {
  const pulse = pulseOf({ busy: [0, 10, 20, 30, 40, 50, 60], quiet: [0, 5, 45, 60] });
  expect(pulse.longestGap(8, 30)).toEqual({ lane: 'quiet', fromMs: 5, lengthMs: 40 });
  expect(pulse.longestGap(46, 60)).toEqual({ lane: 'quiet', fromMs: 45, lengthMs: 15 });
  expect(pulse.beats).toBe(11);
});

it('blames a fault for what is felt a moment after it, but not for the next one', () => {
  const pulse = pulseOf({ lane: [0, 90, 110, 1_000, 1_010, 5_010, 5_020] });
  const kill = { kind: 'kill', told: 'kill', fromMs: 100, healedMs: 950 } as const;
  const pause = { kind: 'pause', told: 'pause', fromMs: 1_005, healedMs: 5_000 } as const;
  expect(judgeGaps([kill, pause], pulse)).toEqual([
    { kind: 'kill', count: 1, medianMs: 890, longestMs: 890 },
    { kind: 'pause', count: 1, medianMs: 4_000, longestMs: 4_000 },
  ]);
});
