import { logIndex } from '@quorate/raft';
import fc from 'fast-check';
import type { Delivered, QueueReply } from './commands.ts';
import { dedupWindowMs } from './enqueue.ts';
import { parseReceipt } from './message-id.ts';
import {
  PlainModel,
  type ModelDelivery,
  type ModelReply,
  type ModelRequest,
} from './testing/plain-model.ts';
import { deliveredBy, TestShard } from './testing/test-shard.ts';

const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
beforeAll(() => process.stdout.write(`queue table against the plain model: SEED=${seed}\n`));

const groups = { a: ['default'], b: ['x', 'y'] };
const groupSets = [['x', 'y'], ['x'], ['y', 'z'], ['z', 'y', 'x']];
/** Requests are remembered for two minutes; later ones are new. */
const repeatMs = 119_000;
const visibilityMs = 100;
const maxDeliveries = 2;

const queue = fc.constantFrom('a', 'b', 'a.dlq', 'b.dlq');
const pick = fc.nat(1_000);
const node = fc.constantFrom('n1', 'n2');
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
      dedupId: fc.constantFrom(undefined, undefined, 'd1', 'd2'),
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
      node,
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('repeat' as const), pick, node }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose' as const), node }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('confirm' as const), node }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fork' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('groups' as const),
      names: fc.constantFrom(...groupSets),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('age' as const) }) },
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
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('extend' as const),
      pick,
      ms: fc.constantFrom(10, 300),
    }),
  },
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
  readonly model = new PlainModel({
    groups: { ...groups },
    visibilityMs,
    maxDeliveries,
    dedupWindowMs,
  });
  readonly out: Pair[] = [];
  readonly requests: { readonly request: ModelRequest; readonly askedMs: number }[] = [];
  #value = 0;
  #lastRequest = 0;

  constructor() {
    for (const name of ['a', 'b', 'a.dlq', 'b.dlq']) {
      const own = name in groups ? { groups: groups[name as 'a'], maxDeliveries } : {};
      this.shard.define(name, { ...own, visibilityMs });
    }
  }

  /** What two nodes hold that were told the same, one of them since a snapshot. */
  compareTwins(): void {
    const { shard } = this;
    if (shard.twin !== undefined) expect(shard.snapshot(shard.twin)).toEqual(shard.snapshot());
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
        const { queue: name, key, priority, delayMs, ttlMs, dedupId } = op;
        const message = { value: `${this.#value}`, key, priority, delayMs, ttlMs, dedupId };
        expect(shard.enqueue(name, message)).toMatchObject({
          messages: [{ duplicate: model.enqueue(name, message) }],
        });
        return;
      }
      case 'dequeue':
        this.#dequeue(op);
        return;
      case 'repeat':
        this.#repeat(op);
        return;
      case 'lose':
        shard.loseNode(op.node);
        model.loseNode(op.node);
        return;
      case 'confirm':
        shard.through(op.node).apply({ kind: 'confirm', upTo: logIndex(shard.index) });
        model.confirm(op.node);
        return;
      case 'groups':
        shard.define('b', { groups: op.names });
        model.changeGroups('b', op.names);
        return;
      case 'fork':
        shard.fork();
        return;
      case 'age':
        shard.pass(100_000);
        model.pass(100_000);
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
      case 'extend':
      case 'return':
        if (this.out.length > 0) this.#settle(op, this.out[op.pick % this.out.length]!);
        return;
    }
  }

  #dequeue(op: Extract<Operation, { kind: 'dequeue' }>): void {
    const { queue: name, max, waitMs } = op;
    const names = this.model.groupsOf(name);
    const group = names[op.group % names.length]!;
    this.#lastRequest += 1;
    const request = { id: this.#lastRequest, queue: name, group, max, waitMs };
    this.requests.push({ request, askedMs: this.model.nowMs });
    this.#compareReply(this.#ask(request, op.node), this.model.dequeue(request, op.node));
  }

  #repeat(op: Extract<Operation, { kind: 'repeat' }>): void {
    const known = this.requests.filter(({ askedMs }) => this.model.nowMs - askedMs < repeatMs);
    if (known.length === 0) return;
    const { request } = known[op.pick % known.length]!;
    this.#compareReply(this.#ask(request, op.node), this.model.repeat(request, op.node));
  }

  #ask({ id, queue: name, group, max, waitMs }: ModelRequest, through: string): QueueReply {
    const { shard } = this;
    const known = this.requests.findIndex(({ request }) => request.id === id);
    const more = { group, max, waitMs, rememberMs: 120_000, waitNumber: id };
    return shard.through(through).request(`${known}`, shard.dequeueCommand(name, more));
  }

  #compareReply(reply: QueueReply, expected: ModelReply): void {
    if (expected === 'waiting') expect(reply.kind).toBe('waiting');
    else if (expected === 'no-group') expect(reply).toEqual({ kind: 'not-found', what: 'group' });
    else this.#pairUp(deliveredBy(reply), expected);
  }

  #settle(
    op: Extract<Operation, { kind: 'ack' | 'nack' | 'extend' | 'return' }>,
    { real, model: delivery }: Pair,
  ): void {
    const receipt = parseReceipt(real.receipt)!;
    if (op.kind === 'ack') {
      const reply = this.shard.apply({ kind: 'ack', receipts: [receipt] });
      expect(reply).toEqual({ kind: 'acked', results: [this.model.settle(delivery)] });
    } else if (op.kind === 'extend') {
      const reply = this.shard.apply({ kind: 'extend', receipt, visibilityMs: op.ms });
      expect(reply.kind).toBe(this.model.extend(delivery, op.ms));
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
    for (const [i, real] of messages.entries()) {
      const known = this.out.some((one) => one.model === expected[i]);
      if (!known) this.out.push({ real, model: expected[i]! });
    }
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
        const offered = slots.filter((slot) => slot.state !== 'blocked' && slot.message.key);
        const keys = offered.map((slot) => slot.message.key);
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
      comparison.compareTwins();
    }),
    { seed, numRuns: 200 },
  );
});
