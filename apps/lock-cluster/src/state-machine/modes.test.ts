import { areCompatible, bitOf, conflictsOf, covers, modes, weakestCovering } from './modes.ts';

const pairs = modes.flatMap((a) => modes.map((b) => [a, b] as const));

describe('the modes of a lock', () => {
  it('share a key as the matrix says', () => {
    const matrix = modes.map((a) => modes.map((b) => (areCompatible(a, b) ? '✓' : '–')).join(''));
    //                       IS IX S SIX U X
    expect(matrix).toEqual(['✓✓✓✓✓–', '✓✓––––', '✓–✓–✓–', '✓–––––', '✓–✓–––', '––––––']);
  });

  it.each(pairs)('%s and %s are compatible in both directions or in none', (a, b) => {
    expect(areCompatible(a, b)).toBe(areCompatible(b, a));
  });

  it.each(pairs)('the weakest that covers %s and %s conflicts with what either does', (a, b) => {
    const both = weakestCovering(a, b);
    expect(conflictsOf(both)).toBe(conflictsOf(a) | conflictsOf(b));
    expect(covers(both, a) && covers(both, b)).toBe(true);
  });

  it('are ordered: IS < IX < SIX < X and IS < S < U < SIX', () => {
    expect(weakestCovering('S', 'IX')).toBe('SIX');
    expect(weakestCovering('U', 'IX')).toBe('SIX');
    expect(weakestCovering('S', 'U')).toBe('U');
    expect(weakestCovering('IS', 'IX')).toBe('IX');
    expect(weakestCovering('SIX', 'U')).toBe('SIX');
    expect(modes.every((mode) => weakestCovering(mode, 'X') === 'X')).toBe(true);
    expect(modes.map((mode) => bitOf(mode))).toEqual([1, 2, 4, 8, 16, 32]);
  });
});
