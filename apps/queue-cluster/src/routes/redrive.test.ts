import { createRing } from '@quorate/hashing';
import type { ProposeOptions } from '@quorate/raft';
import { isProblem, noLeader, type Context, type Outcome } from '@quorate/service-kit';
import type { QueueCommand } from '../state-machine/commands.ts';
import type { Desk } from './desk.ts';
import { redriveRoute } from './redrive.ts';

type Redrive = Extract<QueueCommand, { kind: 'redrive' }>;

/** A queue whose redrive takes steps that move so many; a step may find no leader. */
function deskWith(...steps: readonly (number | 'no-leader')[]) {
  const asked: { readonly command: Redrive; readonly options: ProposeOptions }[] = [];
  const ask = (command: Redrive, options: ProposeOptions) => {
    const moved = steps[asked.length]!;
    asked.push({ command, options });
    if (moved === 'no-leader') return Promise.resolve(noLeader());
    const more = asked.length < steps.length;
    return Promise.resolve({ kind: 'redriving', moved, more, after: asked.length, upTo: 99 });
  };
  return { asked, desk: { shards: [{ ask }], ring: createRing(['0']) } as unknown as Desk };
}

const redrive = (desk: Desk, body: object): Promise<Outcome> | Outcome =>
  redriveRoute(desk).handler({ params: { queue: 'q.dlq' }, body, query: undefined }, {
    deadlineMs: 0,
    caller: 'me',
  } as Context);

it('goes on where the last step stopped, until none is left', async () => {
  const { desk, asked } = deskWith(3, 0, 2);
  expect(await redrive(desk, {})).toEqual({ status: 200, body: { redriven: 5 } });
  expect(asked.map(({ command }) => [command.after, command.upTo])).toEqual([
    [0, 0],
    [1, 99],
    [2, 99],
  ]);
});

it('has each step remembered by itself, the first under the id of the caller', async () => {
  const ids = async (): Promise<readonly string[]> => {
    const { desk, asked } = deskWith(3, 3, 3);
    await redrive(desk, { request_id: 'r' });
    return asked.map(({ options }) => `${options.request!.scope} ${options.request!.id}`);
  };
  const first = await ids();
  expect(first[0]).toBe('me r');
  expect(new Set(first).size).toBe(3);
  expect(await ids()).toEqual(first);
});

it('says that something was done when a later step was not', async () => {
  const outcome = await redrive(deskWith(3, 'no-leader').desk, {});
  expect(isProblem(outcome) && outcome.code).toBe('outcome_unknown');
});

it('says that nothing was done when the first step was not', async () => {
  const outcome = await redrive(deskWith('no-leader').desk, {});
  expect(isProblem(outcome) && outcome.code).toBe('no_leader');
});
