import { GuardedCounter } from '../chaos/guarded-counter.ts';
import { Holds } from '../chaos/holds.ts';

/** A storm that finds nothing proves nothing unless its checks would have found something. */
describe('what is checked in a storm of locks', () => {
  const holdsOf = (modes: readonly [string, string], client = 'other'): string[] => {
    const holds = new Holds();
    const [one, other] = modes;
    holds.add({ key: 'k', fromMs: 0, toMs: 10, what: { client: 'one', mode: one, token: 1 } });
    holds.add({ key: 'k', fromMs: 5, toMs: 15, what: { client, mode: other, token: 2 } });
    return holds.conflicts();
  };

  it('two who hold at once what only one may', () => {
    expect(holdsOf(['X', 'S'])).toHaveLength(1);
    expect(holdsOf(['U', 'U'])).toHaveLength(1);
    expect(holdsOf(['SIX', 'IX'])).toHaveLength(1);
  });

  it('leaves alone those who may share, and a client with itself', () => {
    expect(holdsOf(['S', 'U'])).toEqual([]);
    expect(holdsOf(['IX', 'IX'])).toEqual([]);
    expect(holdsOf(['X', 'X'], 'one')).toEqual([]);
  });

  it('an update that is lost because two had the same token', () => {
    const counter = new GuardedCounter();
    const one = counter.read('k', 7, Infinity)!;
    const other = counter.read('k', 7, Infinity)!;
    counter.write('k', 7, Infinity, one + 1);
    counter.write('k', 7, Infinity, other + 1);
    expect(counter.lostUpdates()).toEqual(['"k" is 1 after 2 increments']);
  });

  it('refuses who comes late by its token, and accuses only if its lease is still valid', () => {
    const counter = new GuardedCounter();
    const late = counter.read('k', 1, 0)!;
    counter.read('k', 2, Infinity);
    counter.write('k', 1, 0, late + 1);
    expect(counter.refusals).toBe(1);
    expect(counter.violations).toEqual([]);
    counter.write('k', 1, performance.now() + 60_000, late + 1);
    expect(counter.violations).toHaveLength(1);
  });
});
