import fc from 'fast-check';
import type { Delivered } from './commands.ts';
import { parseReceipt } from './message-id.ts';
import { PlainModel, type ModelDelivery } from './testing/plain-model.ts';
import { TestShard } from './testing/test-shard.ts';

const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
beforeAll(() => process.stdout.write(`queue table against the plain model: SEED=${seed}\n`));

const groups = { a: ['default'], b: ['x', 'y'] } as const;
const visibilityMs = 100;
const maxDeliveries = 2;

const queue = fc.constantFrom('a', 'b', 'a.dlq', 'b.dlq');
const pick = fc.nat(1_000);
const operation = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('enqueue' as const),
      queue: fc.constantFrom('a', 'b'),
      key: fc.constantFrom(undefined, 'k1', 'k2'),
      priority: fc.constantFrom(0, 0, 1),
      delayMs: fc.constantFrom(0, 0, 30),
      ttlMs: fc.constantFrom(undefined, undefined, 150),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('dequeue' as const),
      queue,
      group: pick,
      max: fc.integer({ min: 1, max: 3 }),
      waitMs: fc.constantFrom(0, 0, 80),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('ack' as const), pick }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('nack' as const),
      pick,
      delayMs: fc.constantFrom(0, 40),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('return' as const), pick }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      ms: fc.integer({ min: 1, max: 60 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('redrive' as const),
      queue: fc.constantFrom('a.dlq', 'b.dlq'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('purge' as const), queue }) },
);

type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

interface Pair {
  readonly real: Delivered;
  readonly model: ModelDelivery;
}

/** Runs operations on the machine and on the model, and compares whatever both say. */
class Comparison {
  readonly shard = new TestShard();
  readonly model = new PlainModel({ groups, visibilityMs, maxDeliveries });
  readonly out: Pair[] = [];
  #value = 0;
  #wait = 0;

  constructor() {
    for (const name of ['a', 'b', 'a.dlq', 'b.dlq']) {
      const own = name in groups ? { groups: groups[name as 'a'], maxDeliveries } : {};
      this.shard.define(name, { ...own, visibilityMs });
    }
  }

  run(op: Operation): void {
    this.#perform(op);
    this.#compareServed();
    this.#compareDepths();
    this.#checkInvariants();
  }

  #perform(op: Operation): void {
    const { shard, model } = this;
    switch (op.kind) {
      case 'enqueue': {
        this.#value += 1;
        const { queue: name, key, priority, delayMs, ttlMs } = op;
        const message = { value: `${this.#value}`, key, priority, delayMs, ttlMs };
        shard.enqueue(name, message);
        model.enqueue(name, message);
        return;
      }
      case 'dequeue':
        this.#dequeue(op);
        return;
      case 'pass':
        shard.pass(op.ms);
        model.pass(op.ms);
        return;
      case 'restart':
        shard.restart(() => shard.enqueue('a', { value: 'never seen' }));
        shard.takeEvents();
        return;
      case 'redrive':
        shard.redrive(op.queue);
        model.redrive(op.queue);
        return;
      case 'purge':
        shard.apply({ kind: 'purge', queue: op.queue });
        shard.pass(0);
        model.purge(op.queue);
        model.pass(0);
        return;
      case 'ack':
      case 'nack':
      case 'return':
        if (this.out.length > 0) this.#settle(op, this.out[op.pick % this.out.length]!);
        return;
    }
  }

  #dequeue({
    queue: name,
    group: choice,
    max,
    waitMs,
  }: Extract<Operation, { kind: 'dequeue' }>): void {
    const names = this.model.groupsOf(name);
    const group = names[choice % names.length]!;
    this.#wait += 1;
    const expected = this.model.dequeue(name, group, max);
    const reply = this.shard.dequeue(name, { group, max, waitMs, waitNumber: this.#wait });
    if (reply.kind === 'waiting') {
      expect(expected).toEqual([]);
      const untilMs = this.model.nowMs + waitMs;
      this.model.wait({ id: this.#wait, queue: name, group, max, untilMs });
    } else {
      expect(reply.kind).toBe('delivered');
      if (reply.kind === 'delivered') this.#pairUp(reply.messages, expected);
    }
  }

  #settle(op: Extract<Operation, { pick: number }>, { real, model: delivery }: Pair): void {
    const receipt = parseReceipt(real.receipt)!;
    if (op.kind === 'ack') {
      const reply = this.shard.apply({ kind: 'ack', receipts: [receipt] });
      expect(reply).toEqual({ kind: 'acked', results: [this.model.settle(delivery)] });
    } else if (op.kind === 'return') {
      this.shard.apply({ kind: 'return', receipts: [receipt] });
      this.model.giveBack(delivery);
    } else {
      const target = { kind: 'receipt', receipt } as const;
      const reply = this.shard.apply({
        kind: 'nack',
        target,
        delayMs: op.delayMs,
        error: undefined,
      });
      const said =
        reply.kind === 'nacked' ? (reply.deadLettered ? 'buried' : 'nacked') : reply.kind;
      expect(said).toBe(this.model.nack(delivery, op.delayMs));
    }
  }

  #pairUp(messages: readonly Delivered[], expected: readonly ModelDelivery[]): void {
    expect(messages.map(({ value, deliveries }) => ({ value, deliveries }))).toEqual(
      expected.map(({ message, deliveries }) => ({ value: message.value, deliveries })),
    );
    for (const [i, real] of messages.entries()) this.out.push({ real, model: expected[i]! });
  }

  #compareServed(): void {
    const served = this.shard
      .takeEvents()
      .flatMap((event) => (event.kind === 'wait-served' ? [event] : []));
    const expected = this.model.served.splice(0);
    expect(served.map(({ wait }) => wait.number).sort()).toEqual(
      expected.map(({ wait }) => wait).sort(),
    );
    for (const { wait, deliveries } of expected) {
      const real = served.find((event) => event.wait.number === wait)!;
      this.#pairUp(real.messages, deliveries);
    }
  }

  #compareDepths(): void {
    for (const queue of this.shard.machine.state.byName.values()) {
      for (const group of queue.groups.values()) {
        expect(group.depth).toBe(this.model.depth(queue.name, group.name));
      }
    }
  }

  #checkInvariants(): void {
    for (const queue of this.shard.machine.state.byName.values()) {
      for (const group of queue.groups.values()) {
        if (!queue.purging) expect(group.ready > 0 && group.waits.size > 0).toBe(false);
        const slots = [...this.shard.machine.state.messages.values()]
          .filter((message) => message.queue === queue)
          .flatMap((message) => message.slots.filter((slot) => slot.group === group));
        const count = (state: string): number =>
          slots.filter((slot) => slot.state === state).length;
        expect([group.ready, group.delayed, group.inFlight]).toEqual([
          count('ready'),
          count('delayed'),
          count('in-flight'),
        ]);
        const offered = slots.filter(
          (slot) => slot.state !== 'blocked' && slot.message.content.key,
        );
        const keys = offered.map((slot) => slot.message.content.key);
        expect(new Set(keys).size).toBe(keys.length);
      }
    }
  }
}

it('does what the plain model does, whatever is asked of it', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 80, size: 'max' }), (operations) => {
      const comparison = new Comparison();
      for (const one of operations) comparison.run(one);
    }),
    { seed, numRuns: 200 },
  );
});
