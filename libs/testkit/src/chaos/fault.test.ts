import { Generator } from '../random/generator.ts';
import { drawFaults } from './fault.ts';
import type { Fault } from './fault.ts';

const firstFaults = (seed: number, count: number): Fault[] => {
  const faults = drawFaults(new Generator(seed));
  return Array.from({ length: count }, () => faults.next().value as Fault);
};

it('draws the same faults from the same seed, and others from another', () => {
  expect(firstFaults(1, 50)).toEqual(firstFaults(1, 50));
  expect(firstFaults(1, 50)).not.toEqual(firstFaults(2, 50));
});

it('draws every kind sooner or later, and leaders more than half of the time', () => {
  const faults = firstFaults(7, 1_000);
  expect(new Set(faults.map(({ kind }) => kind)).size).toBe(11);
  const leaders = faults.filter(({ victim }) => victim === 'leader').length;
  expect(leaders).toBeGreaterThan(500);
  expect(leaders).toBeLessThan(700);
});

it('pauses for ten whole seconds often enough', () => {
  const long = firstFaults(7, 200).filter(
    ({ kind, forMs }) => kind === 'pause' && forMs === 10_000,
  );
  expect(long.length).toBeGreaterThan(10);
});
