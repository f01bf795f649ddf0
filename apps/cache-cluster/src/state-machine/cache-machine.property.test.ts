import fc from 'fast-check';
import { nodeId } from '@quorate/raft';
import { commandCodec } from './command-codec.ts';
import type { Condition } from './commands.ts';
import { PlainModel } from './testing/plain-model.ts';
import { restored, TestShard, textOf } from './testing/test-shard.ts';

const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
beforeAll(() => process.stdout.write(`cache directory against the plain model: SEED=${seed}\n`));

const node = fc.constantFrom('a', 'b', 'c');
const key = fc.constantFrom('k1', 'k2', 'k3');
const pick = fc.nat(1_000);

const operation = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('put' as const),
      key,
      node,
      ttlMs: fc.constantFrom(undefined, undefined, 20, 60),
      condition: fc.constantFrom('none', 'none', 'absent', 'present', 'in', 'not-in'),
      pick,
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('read' as const), key, node }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('flush' as const), key, stale: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const), key }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.nat(40) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('clock' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('node-gone' as const, 'node-started' as const),
      node,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
);

type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** Runs operations on the machine and on the model, and compares whatever both say. */
class Comparison {
  readonly shard = new TestShard();
  readonly model = new PlainModel();
  #value = 0;

  run(op: Operation): void {
    this.#perform(op);
    const { shard, model } = this;
    expect([...shard.state.dirty.keys()].sort()).toEqual(model.dirty());
    expect(shard.state.keyCount).toBe(model.keys.size);
    checkSums(shard);
  }

  #perform(op: Operation): void {
    const { shard, model } = this;
    const next = shard.index + 1;
    switch (op.kind) {
      case 'put': {
        this.#value += 1;
        const value = `value ${this.#value}`;
        const condition = this.#condition(op);
        const { node: by, ttlMs } = op;
        const write = { node: by, value, version: next, atMs: shard.atMs, ttlMs, condition };
        const expected = model.put(op.key, write);
        expect(shard.put(op.key, value, { node: by, ttlMs, condition })).toEqual(expected);
        return;
      }
      case 'read': {
        const expected = model.read(op.key, op.node, shard.atMs);
        const found = shard.read(op.key, op.node);
        if (found.kind === 'absent' || expected.kind === 'absent') {
          expect(found.kind).toBe(expected.kind);
          return;
        }
        const { version, state, item } = found;
        expect({ version, state }).toEqual({ version: expected.version, state: expected.state });
        if (item !== undefined) expect(textOf(item.value.bytes)).toBe(expected.value);
        return;
      }
      case 'delete':
        expect(shard.delete(op.key)).toEqual(model.delete(op.key, shard.atMs, next));
        return;
      case 'flush': {
        const version = (shard.state.keys.get(op.key)?.entry.version ?? 1) - (op.stale ? 1 : 0);
        shard.apply({ kind: 'flush', keys: [{ key: op.key, version }], keepValues: op.stale });
        model.flush(op.key, version);
        return;
      }
      case 'drop': {
        const version = model.keys.get(op.key)?.version ?? 1;
        shard.apply({ kind: 'drop', keys: [{ key: op.key, version }], why: 'evicted' });
        if (model.keys.has(op.key)) model.drop(op.key, next);
        return;
      }
      case 'time':
        shard.atMs += op.ms;
        return;
      case 'clock':
        shard.notice({ kind: 'clock' });
        model.expire(shard.atMs, next);
        return;
      case 'node-gone':
      case 'node-started':
        shard.notice({ kind: op.kind, node: nodeId(op.node), incarnation: 2 });
        model.depart(op.node);
        return;
      case 'restart':
        shard.restart(() => shard.put('k1', 'never seen'));
        return;
    }
  }

  #condition(op: Extract<Operation, { kind: 'put' }>): Condition | undefined {
    const version = this.model.keys.get(op.key)?.version ?? 0;
    const versions = [version - (op.pick % 2)];
    switch (op.condition) {
      case 'absent':
      case 'present':
        return { kind: op.condition };
      case 'in':
        return { kind: 'version-in', versions };
      case 'not-in':
        return { kind: 'version-not-in', versions };
      default:
        return undefined;
    }
  }
}

/** What is kept beside the table says what the table says. */
function checkSums({ state }: TestShard): void {
  let values = 0;
  let dirty = 0;
  for (const { key: name, entry, item } of state.keys.values()) {
    const bytes = item === undefined ? 0 : name.length + 10 + item.value.bytes.length;
    values += bytes;
    if (entry.dirty) dirty += entry.present ? bytes : name.length + 64;
  }
  expect({ values: state.valueBytes, dirty: state.dirtyBytes }).toEqual({ values, dirty });
  const first = [...state.keys.values()]
    .filter(({ entry }) => entry.present)
    .reduce((least, { deadlineMs }) => Math.min(least, deadlineMs), Infinity);
  expect(state.deadlines.first?.deadlineMs ?? Infinity).toBe(first);
}

it('says what a plain model says, whatever happens in whatever order', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 80 }), (operations) => {
      const comparison = new Comparison();
      for (const op of operations) comparison.run(op);
    }),
    { seed, numRuns: 500 },
  );
});

it('goes on alike on a node that restored a snapshot: replies, events, and snapshots to the byte', () => {
  fc.assert(
    fc.property(
      fc.array(operation, { maxLength: 40 }),
      fc.array(operation, { maxLength: 40 }),
      (before, after) => {
        const one = new Comparison();
        for (const op of before) if (op.kind !== 'restart') one.run(op);
        const twin = new Twin(one.shard);
        for (const op of after) {
          if (op.kind === 'restart') continue;
          one.run(op);
          twin.compare();
        }
        // Read back once, both: a table numbers its entries anew then, and numbers are no state.
        expect(snapshotOf(restored(twin.snapshot()))).toEqual(
          snapshotOf(restored(one.shard.snapshot())),
        );
      },
    ),
    { seed, numRuns: 300 },
  );
});

const snapshotOf = (machine: ReturnType<typeof restored>): readonly Uint8Array[] =>
  [...machine.snapshot()].map((piece) => Uint8Array.from(piece));

/** A second node, which starts from a snapshot of the first and takes the same entries. */
class Twin {
  readonly #copy: ReturnType<typeof restored>;
  readonly #calls: (() => void)[] = [];

  constructor(shard: TestShard) {
    this.#copy = restored(shard.snapshot());
    const { machine } = shard;
    const apply = machine.apply.bind(machine);
    const notice = machine.notice.bind(machine);
    machine.apply = (command, at) => {
      const bytes = commandCodec.encode(command);
      const first = apply(command, at);
      this.#calls.push(() =>
        expect(this.#copy.apply(commandCodec.decode(bytes), at)).toEqual(first),
      );
      return first;
    };
    machine.notice = (what, at) => {
      const first = notice(what, at);
      this.#calls.push(() => expect(this.#copy.notice(what, at)).toEqual(first));
      return first;
    };
  }

  compare(): void {
    for (const call of this.#calls.splice(0)) call();
  }

  snapshot(): readonly Uint8Array[] {
    return snapshotOf(this.#copy);
  }
}
