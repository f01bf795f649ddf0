import { overlaps } from './intervals.ts';
import type { Held } from './intervals.ts';

const held = (key: string, fromMs: number, toMs: number, what = ''): Held<string> => ({
  key,
  fromMs,
  toMs,
  what,
});
const always = (): boolean => true;

it('finds two that overlap, in whatever order they are told', () => {
  const early = held('k', 0, 10);
  const late = held('k', 9, 20);
  expect(overlaps([late, early], always)).toEqual([[early, late]]);
});

it('lets one begin when the other ends', () => {
  expect(overlaps([held('k', 0, 10), held('k', 10, 20)], always)).toEqual([]);
});

it('remembers a long one behind many short ones', () => {
  const long = held('k', 0, 100, 'long');
  const short = [1, 20, 40].map((at) => held('k', at, at + 1, `${at}`));
  expect(overlaps([long, ...short], always)).toEqual(short.map((one) => [long, one]));
});

it('compares those of one key only, and those that conflict', () => {
  const one = held('k', 0, 10, 'S');
  const other = held('k', 5, 15, 'S');
  expect(overlaps([one, held('l', 0, 10), other], (a, b) => a.what !== b.what)).toEqual([]);
});

it('passes over what was over before it was known', () => {
  expect(overlaps([held('k', 0, 10), held('k', 5, 3)], always)).toEqual([]);
});
