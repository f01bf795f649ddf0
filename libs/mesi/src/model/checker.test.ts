import { explore, type Emit, type Model } from './checker.ts';
import { StateTable } from './state-table.ts';

/** Two counters that go up to `max`, one step at a time, in any order. */
function counters(max: number, wrongAt?: readonly [number, number]): Model {
  const next = new Uint8Array(2);
  return {
    name: 'counters',
    stateBytes: 2,
    initial: () => new Uint8Array(2),
    successors(state: Uint8Array, emit: Emit) {
      for (const counter of [0, 1]) {
        if (state[counter]! < max) {
          next.set(state);
          next[counter]! += 1;
          emit(() => `counter ${counter} becomes ${state[counter]! + 1}`, next);
        }
      }
    },
    violation(state: Uint8Array) {
      const wrong = state[0] === wrongAt?.[0] && state[1] === wrongAt?.[1];
      return wrong ? `both are at ${state.join(' and ')}` : undefined;
    },
  };
}

describe('the checker', () => {
  it('visits every state once, and every step between them', () => {
    expect(explore(counters(99))).toEqual({
      states: 10_000,
      steps: 2 * 99 * 100,
      depth: 198,
      complete: true,
      counterexample: undefined,
    });
  });

  it('finds a violation by a shortest trace', () => {
    const { counterexample, complete } = explore(counters(99, [2, 1]));
    expect(counterexample).toEqual({
      violation: 'both are at 2 and 1',
      trace: ['counter 0 becomes 1', 'counter 0 becomes 2', 'counter 1 becomes 1'],
    });
    expect(complete).toBe(false);
  });

  it('looks at the initial state too', () => {
    expect(explore(counters(9, [0, 0])).counterexample?.trace).toEqual([]);
  });

  it('says that it did not finish when it stops at its limit', () => {
    const { complete, states } = explore(counters(99), { statesMax: 500 });
    expect(complete).toBe(false);
    expect(states).toBeLessThan(600);
  });
});

describe('the table of states', () => {
  it('compares whole states, and keeps them apart through growth', () => {
    const table = new StateTable(5);
    const state = new Uint8Array(5);
    const view = new DataView(state.buffer);
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 20_000; i++) {
        view.setUint32(1, i * 65_537);
        state[0] = i % 3;
        expect(table.add(state, i - 1)).toBe(round === 0 ? i : -1);
      }
    }
    const read = new Uint8Array(5);
    table.read(19_999, read);
    expect(read).toEqual(state);
    expect(table.parentOf(19_999)).toBe(19_998);
    expect(table.size).toBe(20_000);
  });
});
