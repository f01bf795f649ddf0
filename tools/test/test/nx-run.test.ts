import { shareCores } from '../src/nx-run.mjs';

describe('the cores of the machine', () => {
  it.each([
    [1, { projects: 2, workers: 1 }],
    [2, { projects: 2, workers: 1 }],
    [8, { projects: 4, workers: 2 }],
    [16, { projects: 8, workers: 2 }],
  ])('are shared between projects and suites: %j', (cores, share) => {
    expect(shareCores(cores)).toEqual(share);
  });
});
