import { acceptsFlush } from './flush-fence.ts';

describe('memory', () => {
  const fence = { term: 3, attempt: 1, version: 40 };

  it('refuses the delayed write of a former leader, even of a newer version', () => {
    expect(acceptsFlush(fence, { term: 2, attempt: 1, version: 41 })).toBe(false);
  });

  it('refuses a version older than the one it has', () => {
    expect(acceptsFlush(fence, { term: 3, attempt: 1, version: 39 })).toBe(false);
    expect(acceptsFlush(fence, { term: 4, attempt: 1, version: 39 })).toBe(false);
  });

  it('refuses what its own leader gave up on, and a new leader counts its attempts afresh', () => {
    expect(acceptsFlush(fence, { term: 3, attempt: 0, version: 41 })).toBe(false);
    expect(acceptsFlush(fence, { term: 4, attempt: 0, version: 41 })).toBe(true);
  });

  it('takes the same write again, and every newer one', () => {
    expect(acceptsFlush(fence, { term: 3, attempt: 1, version: 40 })).toBe(true);
    expect(acceptsFlush(fence, { term: 4, attempt: 1, version: 41 })).toBe(true);
  });
});
