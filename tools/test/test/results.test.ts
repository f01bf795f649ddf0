import { addUp, formatSum } from '../src/results.mjs';

const project = {
  ...{ project: 'raft', pid: 1, passed: 3, failed: 0, skipped: 1 },
  ...{ running: [], complete: true, ended: true },
};

describe('the sum of the results', () => {
  it('adds the projects up', () => {
    const sum = addUp([project, { ...project, failed: 2 }], false);
    expect(formatSum(sum)).toBe('6 passed, 2 failed, 2 skipped');
  });

  it('counts a project that broke off as a failure', () => {
    const sum = addUp([project, { ...project, complete: false }], true);
    expect(formatSum(sum)).toBe('6 passed, 1 failed, 2 skipped');
  });

  it('counts a process that did not end after its tests as a failure', () => {
    const sum = addUp([project, { ...project, ended: false }], true);
    expect(formatSum(sum)).toBe('6 passed, 1 failed, 2 skipped');
  });

  it('counts a failure where the run failed and no test did', () => {
    expect(formatSum(addUp([project], false))).toBe('3 passed, 1 failed, 1 skipped');
    expect(formatSum(addUp([], false))).toBe('0 passed, 1 failed, 0 skipped');
  });
});
