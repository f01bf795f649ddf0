import type { DurableWrite } from '../core/effects.ts';
import { logIndex, term } from '../core/ids.ts';
import { WriteGate } from './write-gate.ts';

const write = (id: number): DurableWrite => ({
  id,
  hardState: undefined,
  entries: [
    { index: logIndex(id), term: term(1), atMs: 0, kind: 'noop', payload: new Uint8Array(0) },
  ],
  install: undefined,
  keepSuffix: true,
  thenSend: [],
});
const vote = (id: number): DurableWrite => ({
  ...write(id),
  entries: [],
  hardState: { term: term(2), vote: undefined },
});

it('lets nothing pass a refused write until that one comes again', () => {
  const gate = new WriteGate();
  expect(gate.admits(write(1), true)).toBe(false);
  expect(gate.admits(write(2), false)).toBe(false);
  expect(gate.admits(write(1), false)).toBe(true);
  expect(gate.admits(write(2), false)).toBe(true);
});

it('lets nothing pass the second of two refused writes either, though the first came again', () => {
  const gate = new WriteGate();
  expect(gate.admits(write(1), true)).toBe(false);
  expect(gate.admits(write(2), true)).toBe(false);
  expect(gate.admits(write(1), false)).toBe(true);
  expect(gate.admits(write(3), false)).toBe(false);
  expect(gate.admits(write(2), false)).toBe(true);
  expect(gate.admits(write(3), false)).toBe(true);
});

it('lets a vote pass', () => {
  const gate = new WriteGate();
  expect(gate.admits(write(1), true)).toBe(false);
  expect(gate.admits(vote(2), true)).toBe(true);
});
