import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nextIncarnation } from './incarnation.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'quorate-incarnation-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

it('grows from life to life', async () => {
  const first = await nextIncarnation(directory);
  expect(await nextIncarnation(directory)).toBeGreaterThan(first);
});

it('grows even when the wall clock stands behind the former life', async () => {
  const former = Date.now() + 3_600_000;
  await writeFile(join(directory, 'incarnation'), String(former));
  expect(await nextIncarnation(directory)).toBe(former + 1);
});
