import { Histogram } from '../src/histogram.ts';

describe('a histogram', () => {
  it('finds quantiles to within two hundredths', () => {
    const histogram = new Histogram();
    for (let micros = 1; micros <= 100_000; micros++) histogram.note(micros);
    for (const q of [0.01, 0.5, 0.99, 0.999]) {
      const found = histogram.quantile(q);
      expect(found / (q * 100_000)).toBeGreaterThan(0.98);
      expect(found / (q * 100_000)).toBeLessThan(1.02);
    }
  });

  it('takes anything from nothing to an hour', () => {
    const histogram = new Histogram();
    for (const micros of [0, 0.4, 3_600_000_000]) histogram.note(micros);
    expect(histogram.quantile(0.5)).toBe(1);
    expect(histogram.quantile(1) / 3_600_000_000).toBeCloseTo(1, 1);
    expect(new Histogram().quantile(0.5)).toBe(0);
  });

  it('goes on from counts that came from another thread', () => {
    const histogram = new Histogram();
    histogram.note(7);
    expect(new Histogram(histogram.counts).quantile(1)).toBe(8);
  });
});
