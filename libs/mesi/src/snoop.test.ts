import fc from 'fast-check';
import { Snoop, type Fill, type Grant } from './snoop.ts';

const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
beforeAll(() => process.stdout.write(`snoop properties: SEED=${seed}\n`));

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
    expect(snoop.installSnapshot(1)).toEqual({ kind: 'invalidate-all' });
    expect(snoop.finishFill(fill)).toBe('answer-only');
  });

  it('does not begin below a write that was appended while the snapshot was read back', () => {
    const snoop = new Snoop(me);
    snoop.append(write(12));
    snoop.installSnapshot(10);
    expect(snoop.grantAt('x', 11)).toBe('answer-only');
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

describe('whatever comes in whatever order', () => {
  const step = fc.record({
    what: fc.constantFrom(
      'write',
      'drop',
      'own-read',
      'read',
      'apply',
      'apply',
      'finish',
      'cut',
      'snapshot',
    ),
    key: fc.constantFrom('x', 'y'),
    pick: fc.nat(5),
  });

  it('grants what a look at the whole log, and at all that was ever in it, would grant', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const bus = new NaiveBus();
        for (const { what, key, pick } of steps) {
          bus.take(what, key, pick);
        }
        while (bus.fills.length > 0) {
          bus.take('finish', 'x', 0);
        }
        expect(bus.snoop.fillsOpen).toBe(0);
      }),
      { seed, numRuns: 1_000 },
    );
  });
});

/** The rule as the design states it, by scanning; every grant of the real one is compared with it. */
class NaiveBus {
  readonly snoop = new Snoop(me);
  fills: { readonly fill: Fill; expected: Grant }[] = [];
  #log: { readonly key: string; readonly what: string }[] = [];
  #applied = 0;

  take(what: string, key: string, pick: number): void {
    switch (what) {
      case 'apply':
        if (this.#applied < this.#log.length) {
          this.#apply();
        }
        return;
      case 'finish': {
        const [ended] = this.fills.splice(pick % Math.max(1, this.fills.length), 1);
        if (ended !== undefined) {
          expect(this.snoop.finishFill(ended.fill)).toBe(ended.expected);
        }
        return;
      }
      case 'cut': {
        const from = Math.max(this.#applied, this.#log.length - pick);
        this.#log.length = from;
        this.snoop.truncateFrom(from + 1);
        return;
      }
      case 'snapshot':
        this.#applied = Math.max(this.#applied, this.#log.length - pick);
        this.fills.forEach((open) => (open.expected = 'answer-only'));
        expect(this.snoop.installSnapshot(this.#applied)).toEqual({ kind: 'invalidate-all' });
        return;
      default:
        this.#append(what, key);
    }
  }

  #append(what: string, key: string): void {
    this.#log.push({ key, what });
    const index = this.#log.length;
    const kind = what === 'write' ? 'BusRdX' : what === 'drop' ? 'Drop' : 'BusRd';
    this.snoop.append({ index, kind, key, node: what === 'own-read' ? me : 0 });
    for (const open of this.fills.filter(({ fill }) => fill.key === key)) {
      open.expected = worse(open.expected, what);
    }
  }

  #apply(): void {
    this.#applied += 1;
    const index = this.#applied;
    const { key, what } = this.#log[index - 1]!;
    this.snoop.appliedThrough(index);
    const above = this.#log.slice(index).filter((entry) => entry.key === key);
    const expected = above.reduce<Grant>((grant, entry) => worse(grant, entry.what), 'line');
    expect(this.snoop.grantAt(key, index)).toBe(expected);
    if (what === 'own-read') {
      this.fills.push({ fill: this.snoop.startFill(key, index), expected });
    }
  }
}

function worse(grant: Grant, what: string): Grant {
  if (grant === 'answer-only' || what === 'write' || what === 'drop') {
    return 'answer-only';
  }
  return what === 'read' ? 'shared-line' : grant;
}
