import { isProblem, noLeader, type Context, type Outcome } from '@quorate/service-kit';
import type { QueueCommand } from '../state-machine/commands.ts';
import type { Desk } from './desk.ts';
import { settleRoutes } from './settle.ts';

/** Shards of which some have no leader; the others ack whatever they are told. */
function deskWith(...led: readonly boolean[]) {
  const shards = led.map((isLed) => ({
    ask: (command: QueueCommand) =>
      Promise.resolve(
        !isLed || command.kind !== 'ack'
          ? noLeader()
          : { kind: 'acked', results: command.receipts.map(() => 'acked') },
      ),
  }));
  const acked = { count: 0, inc: (by = 1) => void (acked.count += by) };
  return { acked, desk: { shards, metrics: { acked } } as unknown as Desk };
}

const ack = async (desk: Desk, receipts: readonly string[]): Promise<Outcome> => {
  const route = settleRoutes(desk).find(({ path }) => path === '/queue/ack')!;
  const input = { body: { receipts }, query: undefined, params: undefined };
  return route.handler(input, { deadlineMs: 0 } as Context);
};

it('acks what it can: a shard without a leader fails its own receipts only', async () => {
  const { desk, acked } = deskWith(false, true);
  const outcome = await ack(desk, ['0-1-1-0-1', '1-1-1-0-1', '1-1-2-0-1']);
  expect(outcome).toEqual({
    status: 200,
    body: {
      acked: 2,
      results: [
        { receipt: '0-1-1-0-1', result: 'no_leader' },
        { receipt: '1-1-1-0-1', result: 'acked' },
        { receipt: '1-1-2-0-1', result: 'acked' },
      ],
    },
  });
  expect(acked.count).toBe(2);
});

it('answers the problem itself when no shard did anything', async () => {
  const { desk } = deskWith(false, false);
  const outcome = await ack(desk, ['0-1-1-0-1', '1-1-1-0-1']);
  expect(isProblem(outcome) && outcome.code).toBe('no_leader');
});
