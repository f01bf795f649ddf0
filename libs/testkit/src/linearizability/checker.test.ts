import fc from 'fast-check';
import { isLinearizableByDefinition } from './brute-force.ts';
import { checkLinearizable } from './checker.ts';
import { counterModel } from './counter.ts';
import type { CounterInput } from './counter.ts';
import type { Operation } from './history.ts';
import { HistoryRecorder } from './history.ts';
import { mutexModel } from './mutex.ts';
import type { MutexInput, MutexOutput } from './mutex.ts';
import { registerModel } from './register.ts';
import type { RegisterInput, RegisterOutput } from './register.ts';

/** `[from, to, input, output]`; no `to`: ambiguous. */
type Line<I, O> = readonly [number, number | undefined, I, O | undefined];

const history = <I, O>(lines: readonly Line<I, O>[]): Operation<I, O>[] =>
  lines.map(([invokedAt, completedAt, input, output], id) => ({
    id,
    client: `c${id}`,
    input,
    output,
    invokedAt,
    completedAt,
  }));

const write = (value: string, key = 'x'): RegisterInput => ({ kind: 'write', key, value });
const read = (key = 'x'): RegisterInput => ({ kind: 'read', key });
const cas = (expectedVersion: number, value: string): RegisterInput => ({
  kind: 'compare-and-set',
  key: 'x',
  expectedVersion,
  value,
});
const saw = (value: string | undefined, version?: number): RegisterOutput =>
  version === undefined ? { kind: 'value', value } : { kind: 'value', value, version };
const written = (version: number): RegisterOutput => ({ kind: 'written', version });
const conflict: RegisterOutput = { kind: 'conflict' };

const judge = (lines: readonly Line<RegisterInput, RegisterOutput>[]) =>
  checkLinearizable(registerModel, history(lines));

describe('a history of a register', () => {
  it('may let a read overlap a write and see either value', () => {
    const either = (value: string | undefined) =>
      judge([
        [0, 10, write('a'), written(1)],
        [5, 6, read(), saw(value)],
      ]).kind;
    expect([either('a'), either(undefined)]).toEqual(['linearizable', 'linearizable']);
  });

  it('is refused when a read misses a write that was answered before', () => {
    const verdict = judge([
      [0, 1, write('a'), written(1)],
      [2, 3, write('b'), written(2)],
      [4, 5, read(), saw('a')],
    ]);
    expect(verdict).toMatchObject({ kind: 'violation', key: 'x', cannotPlace: { id: 2 } });
  });

  it('is refused when two reads see new and then old, even during the write', () => {
    const verdict = judge([
      [0, 1, write('a'), written(1)],
      [2, 20, write('b'), written(2)],
      [3, 4, read(), saw('b')],
      [5, 6, read(), saw('a')],
    ]);
    expect(verdict).toMatchObject({ kind: 'violation', cannotPlace: { id: 3 } });
  });

  it('lets an unanswered write take effect late, even after many reads', () => {
    expect(
      judge([
        [0, undefined, write('a'), undefined],
        [1, 2, read(), saw(undefined)],
        [3, 4, read(), saw(undefined)],
        [5, 6, read(), saw('a')],
      ]).kind,
    ).toBe('linearizable');
  });

  it('lets an unanswered write never take effect', () => {
    expect(
      judge([
        [0, undefined, write('a'), undefined],
        [1, 2, write('b'), written(3)],
        [3, 4, read(), saw('b', 3)],
      ]).kind,
    ).toBe('linearizable');
  });

  it('does not let an unanswered write take effect twice', () => {
    const verdict = judge([
      [0, undefined, write('a'), undefined],
      [1, 2, read(), saw('a')],
      [3, 4, write('b'), written(9)],
      [5, 6, read(), saw('a')],
    ]);
    expect(verdict).toMatchObject({ kind: 'violation', cannotPlace: { id: 3 } });
  });

  it('does not let an operation take effect before it was invoked', () => {
    expect(
      judge([
        [0, 1, read(), saw('a')],
        [2, undefined, write('a'), undefined],
      ]).kind,
    ).toBe('violation');
  });

  it('holds versions to be growing, and equal for one write', () => {
    const twoReads = (second: number) =>
      judge([
        [0, undefined, write('a'), undefined],
        [1, 2, read(), saw('a', 4)],
        [3, 4, read(), saw('a', second)],
      ]).kind;
    expect([twoReads(4), twoReads(5)]).toEqual(['linearizable', 'violation']);
    expect(
      judge([
        [0, 1, write('a'), written(5)],
        [2, 3, write('b'), written(5)],
      ]).kind,
    ).toBe('violation');
  });

  it('lets only one of two compare-and-sets over one version win', () => {
    const two = (second: RegisterOutput) =>
      judge([
        [0, 1, write('a'), written(1)],
        [2, 9, cas(1, 'b'), written(2)],
        [3, 8, cas(1, 'c'), second],
      ]).kind;
    expect([two(conflict), two(written(3))]).toEqual(['linearizable', 'violation']);
  });

  it('refuses a conflict that had no reason', () => {
    expect(
      judge([
        [0, 1, write('a'), written(1)],
        [2, 3, cas(1, 'b'), conflict],
      ]).kind,
    ).toBe('violation');
  });

  it('is judged key by key, and the verdict names the key', () => {
    const verdict = judge([
      [0, 1, write('a', 'good'), written(1)],
      [0, 1, write('a', 'bad'), written(1)],
      [2, 3, read('good'), saw('a')],
      [2, 3, read('bad'), saw(undefined)],
    ]);
    expect(verdict).toMatchObject({ kind: 'violation', key: 'bad', cannotPlace: { id: 3 } });
  });

  it('explains a violation with the operation and what came before it', () => {
    const verdict = judge([
      [0, 1, write('a'), written(1)],
      [2, 3, read(), saw('ghost')],
    ]);
    expect(verdict.kind === 'violation' ? verdict.explanation : '').toContain('ghost');
  });

  it('is called undecided, not good, when the memory allowed is too small', () => {
    const lines = Array.from({ length: 12 }, (_, i): Line<RegisterInput, RegisterOutput> => [
      0,
      100,
      write(`v${i}`),
      { kind: 'written' },
    ]);
    const verdict = checkLinearizable(
      registerModel,
      history([...lines, [200, 201, read(), saw('none of them')]]),
      { configurationsMax: 500 },
    );
    expect(verdict.kind).toBe('undecided');
  });
});

describe('a history of a lock', () => {
  const acquire = (owner: string): MutexInput => ({ kind: 'acquire', key: 'l', owner });
  const release = (owner: string): MutexInput => ({ kind: 'release', key: 'l', owner });
  const expire = (owner: string): MutexInput => ({ kind: 'expire', key: 'l', owner });
  const acquired = (token: number): MutexOutput => ({ kind: 'acquired', token });
  const verdict = (lines: readonly Line<MutexInput, MutexOutput>[]): string =>
    checkLinearizable(mutexModel, history(lines)).kind;

  it('is refused when two hold it at once', () => {
    expect(
      verdict([
        [0, 1, acquire('a'), acquired(1)],
        [2, 3, acquire('b'), acquired(2)],
      ]),
    ).toBe('violation');
  });

  it('is refused when a fencing token does not grow', () => {
    expect(
      verdict([
        [0, 1, acquire('a'), acquired(7)],
        [2, 3, release('a'), { kind: 'released' }],
        [4, 5, acquire('b'), acquired(7)],
      ]),
    ).toBe('violation');
  });

  it('lets a lease end only after its time', () => {
    const withExpiryAt = (atMs: number) =>
      verdict([
        [0, 1, acquire('a'), acquired(1)],
        [atMs, undefined, expire('a'), undefined],
        [20, 30, acquire('b'), acquired(2)],
      ]);
    expect([withExpiryAt(10), withExpiryAt(31)]).toEqual(['linearizable', 'violation']);
  });

  it('lets an acquisition without an answer keep others out until it is released', () => {
    expect(
      verdict([
        [0, undefined, acquire('a'), undefined],
        [1, 2, acquire('b'), { kind: 'busy' }],
        [3, 4, release('a'), { kind: 'released' }],
        [5, 6, acquire('b'), acquired(3)],
      ]),
    ).toBe('linearizable');
  });
});

describe('the checker and the definition agree', () => {
  const version = fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined });
  const value = fc.constantFrom('a', 'b');
  const registerStep: fc.Arbitrary<[RegisterInput, RegisterOutput]> = fc.oneof(
    fc
      .tuple(value, version)
      .map(([v, at]): [RegisterInput, RegisterOutput] => [
        write(v),
        at === undefined ? { kind: 'written' } : written(at),
      ]),
    fc
      .tuple(fc.option(value, { nil: undefined }), version)
      .map(([v, at]): [RegisterInput, RegisterOutput] => [read(), saw(v, at)]),
    fc
      .tuple(fc.integer({ min: 0, max: 3 }), value, version)
      .map(([expected, v, at]): [RegisterInput, RegisterOutput] => [
        cas(expected, v),
        at === undefined ? conflict : written(at),
      ]),
  );
  const counterStep: fc.Arbitrary<[CounterInput, number]> = fc
    .tuple(fc.boolean(), fc.integer({ min: 0, max: 4 }))
    .map(([adds, result]) => [
      adds ? { kind: 'add', key: 'n', amount: 1 } : { kind: 'read', key: 'n' },
      result,
    ]);
  const lines = <I, O>(step: fc.Arbitrary<[I, O]>) =>
    fc.array(
      fc
        .tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 1, max: 8 }), step, fc.nat(4))
        .map(([from, lasts, [input, output], fate]): Line<I, O> =>
          fate === 0 ? [from, undefined, input, undefined] : [from, from + lasts, input, output],
        ),
      { maxLength: 6 },
    );

  it('on small histories of a register', () => {
    const verdicts = { linearizable: 0, violation: 0, undecided: 0 };
    fc.assert(
      fc.property(lines(registerStep), (drawn) => {
        const operations = history(drawn);
        const verdict = checkLinearizable(registerModel, operations);
        verdicts[verdict.kind]++;
        expect(verdict.kind === 'linearizable').toBe(
          isLinearizableByDefinition(registerModel, operations),
        );
      }),
      { numRuns: 3_000 },
    );
    // A property that only ever saw one verdict would prove nothing.
    expect(verdicts.linearizable).toBeGreaterThan(300);
    expect(verdicts.violation).toBeGreaterThan(300);
  });

  it('on small histories of a counter', () => {
    fc.assert(
      fc.property(lines(counterStep), (drawn) => {
        const operations = history(drawn);
        expect(checkLinearizable(counterModel, operations).kind === 'linearizable').toBe(
          isLinearizableByDefinition(counterModel, operations),
        );
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a long history', () => {
  it('of 40,000 operations by eight clients on four keys is judged, with a few in doubt', () => {
    const clients = Array.from({ length: 8 }, (_, i) => `client-${i}`);
    const state = new Map<string, { value: string; version: number }>();
    const recorder = new HistoryRecorder<RegisterInput, RegisterOutput>();
    let version = 0;
    for (let round = 0; round < 5_000; round++) {
      // All eight are invoked before the first is answered, and take effect in another order.
      const open = clients.map((client, i) => {
        const key = `k${i % 4}`;
        const input = (i + round) % 3 === 0 ? write(`${round}-${i}`, key) : read(key);
        return { id: recorder.invoke(client, input), input, lost: (round * 8 + i) % 997 === 0 };
      });
      for (const { id, input, lost } of open.reverse()) {
        const key = registerModel.key(input);
        if (input.kind === 'write') state.set(key, { value: input.value!, version: ++version });
        const now = state.get(key);
        if (lost) continue;
        recorder.complete(
          id,
          input.kind === 'write' ? written(version) : saw(now?.value, now?.version ?? 0),
        );
      }
    }
    expect(checkLinearizable(registerModel, recorder.history()).kind).toBe('linearizable');
  });
});
