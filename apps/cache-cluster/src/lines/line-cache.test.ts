import { LineCache, type Line } from './line-cache.ts';

const line = (key: string, bytes = 10, version = 1): Line => ({
  key,
  shard: 0,
  item: {
    version,
    writtenAtMs: 0,
    deadlineMs: Infinity,
    value: { type: 'application/json', bytes: new Uint8Array(bytes) },
  },
  state: 'E',
  grantedAt: version,
});

it('keeps no more lines than it may, and lets the least recently used go first', () => {
  const lines = new LineCache({ linesMax: 2, bytesMax: 1e6 });
  lines.install(line('a'));
  lines.install(line('b'));
  lines.find('a');
  lines.install(line('c'));
  expect(['a', 'b', 'c'].filter((key) => lines.look(key))).toEqual(['a', 'c']);
  expect(lines.evictions).toBe(1);
  expect(lines.transitions('E', 'I')).toBe(1);
});

it('keeps no more bytes than it may', () => {
  const lines = new LineCache({ linesMax: 100, bytesMax: 3_000 });
  for (const key of ['a', 'b', 'c']) lines.install(line(key, 1_000));
  expect(lines.size).toBe(2);
  expect(lines.bytes).toBeLessThanOrEqual(3_000);
});

it('a value larger than the whole cache: becomes no line, and drives none out', () => {
  const lines = new LineCache({ linesMax: 100, bytesMax: 3_000 });
  lines.install(line('small'));
  lines.install(line('large', 10_000));
  expect(lines.look('large')).toBeUndefined();
  expect(lines.look('small')).toBeDefined();
});

it('a value larger than the whole cache: takes the place of its older version, which is stale now', () => {
  const lines = new LineCache({ linesMax: 100, bytesMax: 3_000 });
  lines.install(line('k'));
  lines.install(line('k', 10_000, 2));
  expect(lines.look('k')).toBeUndefined();
  expect(lines.bytes).toBe(0);
});

it('follows the table of transitions, and counts each', () => {
  const lines = new LineCache({ linesMax: 100, bytesMax: 1e6 });
  lines.install({ ...line('k'), state: 'M' });
  lines.step('k', 'flush');
  expect(lines.look('k')?.state).toBe('E');
  lines.step('k', 'other-read');
  expect(lines.look('k')?.state).toBe('S');
  lines.step('k', 'other-write');
  expect(lines.look('k')).toBeUndefined();
  lines.step('k', 'other-write');
  expect(lines.invalidations).toBe(1);
  expect([
    lines.transitions('I', 'M'),
    lines.transitions('M', 'E'),
    lines.transitions('E', 'S'),
    lines.transitions('S', 'I'),
  ]).toEqual([1, 1, 1, 1]);
});

it('lets go of one shard and keeps the others', () => {
  const lines = new LineCache({ linesMax: 100, bytesMax: 1e6 });
  lines.install(line('mine'));
  lines.install({ ...line('theirs'), shard: 1 });
  lines.dropShard(0);
  expect([lines.look('mine'), lines.look('theirs')?.key]).toEqual([undefined, 'theirs']);
});
