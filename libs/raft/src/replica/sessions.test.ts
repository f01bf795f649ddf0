import fc from 'fast-check';

import { nodeId } from '../core/ids.ts';
import { SnapshotParts } from '../state/snapshot-parts.ts';
import { Sessions } from './sessions.ts';
import type { Origin } from './state-machine.ts';

const life = (incarnation: number, node = 'a'): Origin => ({ node: nodeId(node), incarnation });

function copyOf(sessions: Sessions): Sessions {
  const copy = new Sessions();
  const sink = new SnapshotParts([copy.part()]).restore();
  for (const piece of new SnapshotParts([sessions.part()]).snapshot()) sink.write(piece);
  sink.end();
  return copy;
}

describe('a session', () => {
  it('admits each sequence once, in whatever order copies come', () => {
    const copies = fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 120 });
    fc.assert(
      fc.property(copies, fc.nat({ max: 120 }), (sequences, cut) => {
        let sessions = new Sessions();
        sessions.witness(life(1));
        const taken = new Set<number>();
        for (const [i, sequence] of sequences.entries()) {
          if (i === cut) sessions = copyOf(sessions);
          expect(sessions.admit(life(1), sequence, 1)).toBe(!taken.has(sequence));
          taken.add(sequence);
          expect(sessions.wasApplied(life(1), sequence)).toBe(true);
        }
        for (let sequence = 1; sequence <= 31; sequence++) {
          expect(sessions.wasApplied(life(1), sequence)).toBe(taken.has(sequence));
        }
      }),
    );
  });

  it('takes nothing below the floor: its node has given that up', () => {
    const sessions = new Sessions();
    sessions.witness(life(1));
    expect(sessions.admit(life(1), 9, 5)).toBe(true);
    expect(sessions.admit(life(1), 4, 1)).toBe(false);
    expect(sessions.admit(life(1), 5, 1)).toBe(true);
  });

  it('ends with its life', () => {
    const sessions = new Sessions();
    expect(sessions.witness(life(1))).toBe('started');
    expect(sessions.witness(life(1))).toBe('known');
    expect(sessions.witness(life(2))).toBe('started');
    expect(sessions.witness(life(1))).toBe('former-life');
    expect(sessions.admit(life(1), 1, 1)).toBe(false);
    expect(sessions.wasApplied(life(1), 1)).toBe(false);
    expect(sessions.admit(life(2), 1, 1)).toBe(true);
  });

  it('is given up once, and comes back by the next sign of the same life', () => {
    const sessions = new Sessions();
    sessions.witness(life(3));
    sessions.admit(life(3), 1, 1);
    expect(sessions.giveUp(life(2))).toBe(false);
    expect(sessions.giveUp(life(3))).toBe(true);
    expect(sessions.giveUp(life(3))).toBe(false);
    expect(sessions.witness(life(3))).toBe('started');
    // What that life had applied stays applied.
    expect(sessions.admit(life(3), 1, 1)).toBe(false);
  });
});
