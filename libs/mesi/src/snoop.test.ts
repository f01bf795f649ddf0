import { Snoop } from './snoop.ts';

const me = 1;
const write = (index: number, key = 'x', node = 0) =>
  ({ index, kind: 'BusRdX', key, node }) as const;
const read = (index: number, key = 'x', node = 0) => ({ index, kind: 'BusRd', key, node }) as const;
const drop = (index: number, key = 'x') => ({ index, kind: 'Drop', key }) as const;
const flush = (index: number, key = 'x') => ({ index, kind: 'Flush', key }) as const;

describe('appending an entry', () => {
  it('invalidates on a write or a drop, its own write included', () => {
    const snoop = new Snoop(me);
    expect(snoop.append(write(1))).toEqual({ kind: 'invalidate', key: 'x' });
    expect(snoop.append(write(2, 'y', me))).toEqual({ kind: 'invalidate', key: 'y' });
    expect(snoop.append(drop(3))).toEqual({ kind: 'invalidate', key: 'x' });
  });

  it('shares on a foreign read, and does nothing on an own read or a flush', () => {
    const snoop = new Snoop(me);
    expect(snoop.append(read(1))).toEqual({ kind: 'share', key: 'x' });
    expect(snoop.append(read(2, 'x', me))).toBeUndefined();
    expect(snoop.append(flush(3))).toBeUndefined();
  });
});

describe('a value that an applied entry gives', () => {
  it('is only answered if a newer write is in the log, applied or not', () => {
    const snoop = new Snoop(me);
    snoop.append(read(1, 'x', me));
    snoop.append(write(2));
    snoop.appliedThrough(1);
    expect(snoop.grantAt('x', 1)).toBe('answer-only');
    expect(snoop.startFill('x', 1).grant).toBe('answer-only');
    expect(snoop.fillsOpen).toBe(0);
  });

  it('becomes a line once what was in the log is applied, and where it is of another key', () => {
    const snoop = new Snoop(me);
    snoop.append(write(1));
    snoop.append(write(2, 'y'));
    expect(snoop.grantAt('x', 1)).toBe('line');
    snoop.appliedThrough(2);
    expect(snoop.grantAt('y', 3)).toBe('line');
  });

  it('becomes a shared line if a foreign read is in the log above it', () => {
    const snoop = new Snoop(me);
    snoop.append(write(1, 'x', me));
    snoop.append(read(2));
    snoop.appliedThrough(1);
    expect(snoop.grantAt('x', 1)).toBe('shared-line');
    snoop.appliedThrough(2);
    expect(snoop.grantAt('x', 2)).toBe('line');
  });
});

describe('a fill under way', () => {
  const underWay = () => {
    const snoop = new Snoop(me);
    snoop.append(read(1, 'x', me));
    snoop.appliedThrough(1);
    return { snoop, fill: snoop.startFill('x', 1) };
  };

  it('becomes a line if nothing comes between', () => {
    const { snoop, fill } = underWay();
    snoop.append(write(2, 'y'));
    expect(snoop.fillsOpen).toBe(1);
    expect(snoop.finishFill(fill)).toBe('line');
    expect(snoop.fillsOpen).toBe(0);
  });

  it('is cancelled by a write that is appended, even once that is applied', () => {
    const { snoop, fill } = underWay();
    snoop.append(write(2));
    snoop.appliedThrough(2);
    expect(snoop.finishFill(fill)).toBe('answer-only');
  });

  it('is cancelled by a drop, so that a late value does not bring a deleted key back', () => {
    const { snoop, fill } = underWay();
    snoop.append(drop(2));
    expect(snoop.finishFill(fill)).toBe('answer-only');
  });

  it('stays cancelled when the write is cut off the log: that costs a miss', () => {
    const { snoop, fill } = underWay();
    snoop.append(write(2));
    snoop.truncateFrom(2);
    expect(snoop.finishFill(fill)).toBe('answer-only');
  });

  it('is cancelled by a snapshot, which also takes every line', () => {
    const { snoop, fill } = underWay();
    expect(snoop.installSnapshot()).toEqual({ kind: 'invalidate-all' });
    expect(snoop.finishFill(fill)).toBe('answer-only');
  });

  it('becomes a shared line if another node reads meanwhile', () => {
    const { snoop, fill } = underWay();
    snoop.append(read(2));
    expect(snoop.finishFill(fill)).toBe('shared-line');
  });

  it('does not cancel another fill of the same key by ending', () => {
    const { snoop, fill } = underWay();
    const second = snoop.startFill('x', 1);
    expect(snoop.finishFill(fill)).toBe('line');
    snoop.append(write(2));
    expect(snoop.finishFill(second)).toBe('answer-only');
  });
});

describe('a log that was cut off', () => {
  it('no longer stands against lines at the indexes that are used again', () => {
    const snoop = new Snoop(me);
    snoop.append(write(1));
    snoop.append(write(2));
    snoop.append(write(3, 'y'));
    snoop.truncateFrom(2);
    expect(snoop.grantAt('x', 1)).toBe('line');
    snoop.append(write(2, 'z'));
    expect(snoop.grantAt('y', 1)).toBe('line');
    expect(snoop.grantAt('z', 1)).toBe('answer-only');
  });
});

it('keeps nothing of what was applied, however long it runs', () => {
  const snoop = new Snoop(me);
  for (let index = 1; index <= 10_000; index++) {
    snoop.append(write(index, `k${index % 7}`));
    if (index > 3) {
      snoop.appliedThrough(index - 3);
    }
  }
  snoop.appliedThrough(10_000);
  for (let key = 0; key < 7; key++) {
    expect(snoop.grantAt(`k${key}`, 0)).toBe('line');
  }
});
