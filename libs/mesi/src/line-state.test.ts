import { eventAtAppend, lineTransitions, nextLineState, type LineState } from './line-state.ts';

const states: LineState[] = ['M', 'E', 'S', 'I'];

describe('a line', () => {
  it.each(states)(
    'in %s is M after its own write, and gone after anything that ends it',
    (state) => {
      expect(nextLineState(state, 'own-write')).toBe('M');
      for (const end of ['other-write', 'drop', 'evict'] as const) {
        expect(nextLineState(state, end)).toBe('I');
      }
    },
  );

  it('walks the states of the tutorial: M, S with a reader, I with another writer', () => {
    let state: LineState = 'I';
    const walk = (['own-write', 'other-read', 'other-write', 'own-read-alone'] as const).map(
      (event) => (state = nextLineState(state, event)),
    );
    expect(walk).toEqual(['M', 'S', 'I', 'E']);
  });

  it('becomes E from M when memory has caught up, and stays what it was otherwise', () => {
    expect(states.map((state) => nextLineState(state, 'flush'))).toEqual(['E', 'E', 'S', 'I']);
  });

  it('never gains from what another node does', () => {
    const rank: Record<LineState, number> = { I: 0, S: 1, E: 2, M: 3 };
    for (const state of states) {
      for (const event of ['other-read', 'other-write', 'drop', 'evict'] as const) {
        expect(rank[lineTransitions[state][event]]).toBeLessThanOrEqual(rank[state]);
      }
    }
  });
});

describe('at append, before anything is committed', () => {
  it('a write or a drop takes the line, even the own one: what it gives comes when it is applied', () => {
    expect(eventAtAppend('BusRdX', true)).toBe('other-write');
    expect(eventAtAppend('BusUpgr', false)).toBe('other-write');
    expect(eventAtAppend('Drop', false)).toBe('drop');
  });

  it('a foreign read shares the line; an own read and a flush change nothing yet', () => {
    expect(eventAtAppend('BusRd', false)).toBe('other-read');
    expect(eventAtAppend('BusRd', true)).toBeUndefined();
    expect(eventAtAppend('Flush', false)).toBeUndefined();
  });
});
