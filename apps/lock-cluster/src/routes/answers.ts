import { invariant } from '@quorate/raft';
import { isProblem, type Outcome, type Problem } from '@quorate/service-kit';
import { z } from 'zod';
import type { CallEnd } from '../lock-service.ts';
import { problem } from '../problems.ts';
import type {
  Conflict,
  CycleStep,
  HeldKey,
  LockReply,
  Overload,
  WaitId,
} from '../state-machine/index.ts';

const grantedKey = {
  key: z.string(),
  mode: z.string(),
  fencing_token: z.int().describe('Grows with every grant, across all keys and leaders'),
  expires_in_ms: z.number(),
};
const heldKey = z.strictObject(grantedKey);
export const heldKeys = z.array(heldKey);
export const grantedBody = z.union([
  z.strictObject({ granted: z.literal(true), client_id: z.string(), ...grantedKey }),
  z.strictObject({ granted: z.literal(true), client_id: z.string(), locks: heldKeys }),
]);
export const queuedBody = z.strictObject({
  queued: z.literal(true),
  position: z.int().describe('1 is next'),
  ticket: z.int(),
});

export interface Asked {
  readonly clockMs: number;
  /** Whether the request named one key, and so gets one back. */
  readonly single: boolean;
}

const leftMs = (untilMs: number, clockMs: number): number =>
  Math.max(0, Math.round(untilMs - clockMs));

export const heldKeyBody = (
  { key, mode, token, expiresAtMs }: HeldKey,
  clockMs: number,
): z.infer<typeof heldKey> => ({
  key,
  mode,
  fencing_token: token,
  expires_in_ms: leftMs(expiresAtMs, clockMs),
});

/** What acquire, convert and ticket answer. */
export function answerGrant(reply: LockReply | CallEnd | Problem, asked: Asked): Outcome {
  if (isProblem(reply)) return reply;
  switch (reply.kind) {
    case 'granted':
      return granted(reply.client, reply.holds, asked);
    case 'queued':
      return queued(reply.ticket, reply.position);
    case 'held':
      return held(reply.conflicts, asked.clockMs);
    case 'deadlock':
    case 'deadlocked':
      return deadlock(reply.cycle);
    case 'timed-out':
      if (reply.position !== undefined) return queued(reply.ticket, reply.position);
      return problem('wait_timeout', 'The lock did not come free in time.');
    case 'lost':
      return problem(
        'outcome_unknown',
        'This node cannot tell what became of the wait, and has given it up. Ask again.',
      );
    case 'cancelled':
      return problem('wait_cancelled', 'The place in the queue was given up by a cancel.');
    case 'hold-lost':
      return notHolder(reply.keys);
    case 'ended':
      return problem('grant_ended', 'The first answer to this request_id no longer holds.');
    default:
      return answerRefusal(reply);
  }
}

/** Refusals that any change may meet. */
export function answerRefusal(reply: LockReply): Outcome {
  switch (reply.kind) {
    case 'not-holder':
      return notHolder(reply.keys);
    case 'token-mismatch':
      return problem('token_mismatch', `"${reply.key}" is held under another token.`, {
        key: reply.key,
        current_token: reply.current,
      });
    case 'not-waiting':
      return problem(
        'not_found',
        'Nobody waits there: it was granted, cancelled, or its time ran out.',
      );
    case 'wrong-algorithm':
      return problem('wrong_algorithm', `"${reply.key}" is used with ${reply.uses}.`, {
        key: reply.key,
        uses: reply.uses,
      });
    case 'overloaded':
      return problem('overloaded', overloads[reply.limit]);
    default:
      invariant(false, `a refusal was expected, not ${reply.kind}`);
  }
}

const overloads: Readonly<Record<Overload, string>> = {
  holds: 'The table holds as many locks as it can.',
  waits: 'As many requests wait as the table can hold.',
  'waiters-per-key': 'As many requests wait for this key as may.',
  'callers-per-wait': 'The same wait is asked for over too many connections.',
  'reserved-keys': 'Too many keys are used with the other algorithm.',
};

function granted(client: string, holds: readonly HeldKey[], { clockMs, single }: Asked): Outcome {
  const locks = holds.map((hold) => heldKeyBody(hold, clockMs));
  const head = { granted: true, client_id: client };
  return { status: 200, body: single ? { ...head, ...locks[0] } : { ...head, locks } };
}

const queued = (ticket: WaitId, position: number): Outcome => ({
  status: 202,
  body: { queued: true, position, ticket },
});

function held(conflicts: readonly Conflict[], clockMs: number): Outcome {
  const holders = conflicts.flatMap(({ key, holders: of }) =>
    of.map((one) => ({
      key,
      client_id: one.client,
      mode: one.mode,
      fencing_token: one.token,
      expires_in_ms: leftMs(one.expiresAtMs, clockMs),
    })),
  );
  const delays = conflicts.flatMap(({ delayedUntilMs }) => delayedUntilMs ?? []);
  const keys = conflicts.map(({ key }) => `"${key}"`).join(', ');
  return problem('lock_held', `${keys} cannot be had now.`, {
    holders,
    queue_length: conflicts.reduce((sum, { queueLength }) => sum + queueLength, 0),
    ...(delays.length === 0 ? {} : { available_in_ms: leftMs(Math.max(...delays), clockMs) }),
  });
}

export const cycleBody = (cycle: readonly CycleStep[]) =>
  cycle.map(({ client, key, waitsFor }) => ({ client_id: client, key, waits_for: waitsFor }));

function deadlock(cycle: readonly CycleStep[]): Outcome {
  const story = cycle.map(
    ({ client, key, waitsFor }) => `${client} waits at "${key}" for ${waitsFor}`,
  );
  return problem('deadlock', `${story.join('; ')}.`, { cycle: cycleBody(cycle) });
}

function notHolder(keys: readonly string[]): Outcome {
  const named = keys.map((key) => `"${key}"`).join(', ');
  return problem('not_holder', `The client does not hold ${named === '' ? 'anything' : named}.`, {
    keys: [...keys],
  });
}
