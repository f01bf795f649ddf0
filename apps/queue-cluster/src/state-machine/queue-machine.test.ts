import { logIndex, nodeId, type AppliedAt } from '@quorate/raft';
import type { QueueCommand, QueueReply } from './commands.ts';
import { parseReceipt } from './message-id.ts';
import { QueueMachine } from './queue-machine.ts';

const limits = {
  queueMessagesMax: 1e6,
  queueBytesMax: 1e9,
  shardMessagesMax: 1e6,
  shardBytesMax: 1e9,
  dedupIdsMax: 1e5,
};

/** One shard with a clock that the test moves. */
function shard() {
  const machine = new QueueMachine({ shard: 0, shardOf: () => 0 });
  let index = 0;
  let atMs = 0;
  const at = (): AppliedAt => ({
    index: logIndex(++index),
    atMs,
    origin: { node: nodeId('n1'), incarnation: 1 },
  });
  const apply = (command: QueueCommand): QueueReply => machine.apply(command, at()).reply;
  return {
    machine,
    apply,
    enqueue: (...values: readonly (string | { key: string; value: string })[]) =>
      apply({
        kind: 'enqueue',
        queue: 'q',
        messages: values.map((one) => (typeof one === 'string' ? { value: one } : one)),
        wallMs: 0,
        limits,
      }),
    dequeue: (max = 1) => {
      const reply = apply({
        kind: 'dequeue',
        queue: 'q',
        group: undefined,
        consumer: undefined,
        max,
        visibilityMs: undefined,
        waitMs: 0,
        waitNumber: 0,
        rememberMs: 0,
        inFlightMax: 1000,
        waitersMax: 1000,
      });
      return reply.kind === 'delivered' ? reply.messages : [];
    },
    pass: (ms: number) => {
      atMs += ms;
      return machine.notice({ kind: 'clock' }, at());
    },
  };
}

it('returns a nacked message to its own place: A-B-C does not become B-C-A', () => {
  const { apply, enqueue, dequeue } = shard();
  enqueue('A', 'B', 'C');
  const [a] = dequeue();
  const receipt = parseReceipt(a!.receipt)!;
  apply({
    kind: 'nack',
    target: { kind: 'receipt', receipt },
    delayMs: undefined,
    error: undefined,
  });
  expect(dequeue(3).map((one) => one.value)).toEqual(['A', 'B', 'C']);
});

it('refuses an ack after the lease has expired', () => {
  const { apply, enqueue, dequeue, pass } = shard();
  enqueue('A');
  const [a] = dequeue();
  pass(30_000);
  const receipt = parseReceipt(a!.receipt)!;
  expect(apply({ kind: 'ack', receipts: [receipt] })).toEqual({
    kind: 'acked',
    results: ['stale'],
  });
});

it('gives no later message of a key while an earlier one is out', () => {
  const { enqueue, dequeue } = shard();
  enqueue({ key: 'k', value: '1' }, { key: 'k', value: '2' }, 'free');
  expect(dequeue(3).map((one) => one.value)).toEqual(['1', 'free']);
});
