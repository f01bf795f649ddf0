import { Generator } from './generator.ts';

const draw = (generator: Generator, count: number): number[] =>
  Array.from({ length: count }, () => generator.word());

describe('a seeded generator', () => {
  it('gives the same numbers for the same seed, and others for another', () => {
    expect(draw(new Generator(7), 50)).toEqual(draw(new Generator(7), 50));
    expect(draw(new Generator(7), 50)).not.toEqual(draw(new Generator(8), 50));
  });

  it('does not disturb a split stream by later draws from its parent', () => {
    const one = new Generator('x');
    const other = new Generator('x');
    const childOfOne = one.split('network');
    const childOfOther = other.split('network');
    draw(other, 100);
    expect(draw(childOfOne, 20)).toEqual(draw(childOfOther, 20));
  });

  it('fills sixteen equal bins evenly', () => {
    const generator = new Generator(1);
    const bins = new Array<number>(16).fill(0);
    for (let i = 0; i < 160_000; i++) bins[generator.integer(0, 15)]!++;
    for (const count of bins) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  it('keeps to the bounds of an integer range and reaches both', () => {
    const generator = new Generator(3);
    const seen = new Set(Array.from({ length: 200 }, () => generator.integer(2, 4)));
    expect([...seen].sort()).toEqual([2, 3, 4]);
  });

  it('shuffles without losing or inventing anything', () => {
    const items = Array.from({ length: 30 }, (_, i) => i);
    const shuffled = new Generator(5).shuffle(items);
    expect(shuffled).not.toEqual(items);
    expect([...shuffled].sort((a, b) => a - b)).toEqual(items);
  });
});
