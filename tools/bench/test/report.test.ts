import { describeRows, median, tableOf, withSection, type Row } from '../src/report.ts';

const row = (server: string, perSecond: number, failed = 0): Row => ({
  server,
  what: 'writes',
  connections: 50,
  perSecond,
  p50Ms: 1,
  p99Ms: 2,
  cpu: undefined,
  failed,
});

describe('a report', () => {
  it('tells medians', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });

  it('aligns its columns', () => {
    expect(tableOf(['a', 'b', 'n'], [['x', 'yy', '10']])).toBe(
      ['| a | b  |  n |', '| - | -- | -: |', '| x | yy | 10 |'].join('\n'),
    );
  });

  it('puts each row beside the base of the same size, and hides no failure', () => {
    const text = describeRows(
      [row('ours', 300, 4), row('theirs', 100)],
      (one) => one.server === 'theirs',
    );
    expect(text).toContain('3.00');
    expect(text).toContain('writes (4 FAILED)');
  });

  it('replaces what stands between its marks on a page, and nothing else', () => {
    const page = 'a\n<!-- x: begin -->\nold\n<!-- x: end -->\nb\n';
    const written = withSection(page, 'x', 'new');
    expect(written).toBe('a\n<!-- x: begin -->\n\nnew\n\n<!-- x: end -->\nb\n');
    expect(withSection(written, 'x', 'new')).toBe(written);
    expect(() => withSection(page, 'y', 'new')).toThrow('no place for y');
  });
});
