import fc from 'fast-check';
import { indexRevealed, SettledQueue } from './settled-queue.ts';

const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
beforeAll(() => process.stdout.write(`settled queue properties: SEED=${seed}\n`));

describe('an answer', () => {
  it('reveals the index where it was evaluated, or the version it shows if that is newer', () => {
    expect(indexRevealed({ evaluatedAt: 9 })).toBe(9);
    expect(indexRevealed({ evaluatedAt: 9, version: 4 })).toBe(9);
    expect(indexRevealed({ evaluatedAt: 9, version: 12 })).toBe(12);
  });

  it('that is a hit reveals its line alone', () => {
    expect(indexRevealed({ version: 4 })).toBe(4);
  });
});

describe('waiting for the settled index', () => {
  it('does not wait for what is settled already', () => {
    const queue = new SettledQueue<string>();
    expect(queue.advance(5)).toEqual([]);
    expect(queue.wait(5, 'now')).toBe(false);
    expect(queue.wait(6, 'later')).toBe(true);
    expect(queue.length).toBe(1);
  });

  it('releases each answer once, at its index, in the order of the log', () => {
    const queue = new SettledQueue<string>();
    queue.wait(3, 'c');
    queue.wait(1, 'a');
    queue.wait(3, 'd');
    queue.wait(2, 'b');
    expect(queue.advance(2)).toEqual(['a', 'b']);
    expect(queue.advance(1)).toEqual([]);
    expect(queue.advance(3)).toEqual(['c', 'd']);
    expect(queue.length).toBe(0);
    expect(queue.settled).toBe(3);
  });

  it('releases exactly what a list filtered and sorted by hand would', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('wait' as const), by: fc.nat(5) }),
      fc.record({ kind: fc.constant('advance' as const), by: fc.nat(4) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const queue = new SettledQueue<number>();
        let waiting: { index: number; item: number }[] = [];
        steps.forEach(({ kind, by }, item) => {
          const index = queue.settled + by;
          if (kind === 'wait') {
            expect(queue.wait(index, item)).toBe(by > 0);
            waiting = by > 0 ? [...waiting, { index, item }] : waiting;
          } else {
            const released = waiting.filter((answer) => answer.index <= index);
            released.sort((a, b) => a.index - b.index || a.item - b.item);
            waiting = waiting.filter((answer) => answer.index > index);
            expect(queue.advance(index)).toEqual(released.map((answer) => answer.item));
          }
          expect(queue.length).toBe(waiting.length);
        });
      }),
      { seed, numRuns: 200 },
    );
  });
});
