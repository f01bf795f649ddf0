import { readSettings } from '../src/settings.ts';

const wholeMs = (caseCount: number, args: readonly string[]): number => {
  const { rounds, durationMs, warmUpMs, connections } = readSettings(caseCount, [...args]);
  return caseCount * rounds * connections.length * (durationMs + warmUpMs);
};

describe('the settings of a benchmark', () => {
  it.each([3, 5, 18, 60])('keep %d cases within their time', (caseCount) => {
    expect(wholeMs(caseCount, [])).toBeLessThan(211_000);
    expect(wholeMs(caseCount, ['--quick'])).toBeLessThan(21_000);
  });

  it('measure no longer than two seconds at a time, and as long as they are told', () => {
    expect(readSettings(1, []).durationMs).toBe(2_000);
    expect(readSettings(18, ['--seconds', '10']).durationMs).toBe(10_000);
  });

  it.each([
    ['--rounds', 'many'],
    ['--rounds', '1.5'],
    ['--seconds', '0'],
    ['--connections', '1,,50'],
  ])('refuse %s %s', (name, value) => {
    expect(() => readSettings(1, [name, value])).toThrow(`${name} takes`);
  });
});
