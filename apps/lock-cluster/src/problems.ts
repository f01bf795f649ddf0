import { defineProblems } from '@quorate/service-kit';
import { z } from 'zod';

const holder = z.strictObject({
  key: z.string(),
  client_id: z.string(),
  mode: z.string(),
  fencing_token: z.int(),
  expires_in_ms: z.number(),
});

export const cycleStep = z.strictObject({
  client_id: z.string(),
  key: z.string().describe('Where it waits'),
  waits_for: z.string().describe('The client that stands in its way'),
});

/** The codes only this service answers with. */
export const lockProblems = defineProblems({
  lock_held: {
    status: 409,
    title: 'Somebody else holds a lock that stands against this one',
    extra: z.strictObject({
      holders: z.array(holder),
      queue_length: z.int(),
      available_in_ms: z.number().optional().describe('A lock delay runs; nobody gets it before'),
    }),
  },
  wait_timeout: { status: 409, title: 'The lock did not come free in time; the place is given up' },
  wait_cancelled: { status: 409, title: 'Somebody gave up this place in the queue' },
  deadlock: {
    status: 409,
    title: 'Waiting would close a circle in which everybody waits for the next',
    extra: z.strictObject({ cycle: z.array(cycleStep) }),
  },
  not_holder: {
    status: 409,
    title: 'The client does not hold this lock, or not any more',
    extra: z.strictObject({ keys: z.array(z.string()) }),
  },
  token_mismatch: {
    status: 409,
    title: 'The lock is held under another fencing token',
    extra: z.strictObject({ key: z.string(), current_token: z.int() }),
  },
  grant_ended: {
    status: 409,
    title: 'What this request was given the first time has ended since',
  },
  wrong_algorithm: {
    status: 409,
    title: 'This key is used with the other algorithm',
    extra: z.strictObject({ key: z.string(), uses: z.enum(['raft', 'ricart-agrawala']) }),
  },
});

export const { problem } = lockProblems;
