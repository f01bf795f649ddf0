import { defineProblems } from '@quorate/service-kit';
import { z } from 'zod';

/** The codes only this service answers with. */
export const queueProblems = defineProblems({
  receipt_stale: {
    status: 409,
    title: 'The receipt belongs to an earlier delivery; the message was offered again since',
  },
  receipt_required: {
    status: 409,
    title: 'The message has not exactly one live delivery; name the receipt',
  },
  group_required: {
    status: 409,
    title: 'This queue has no group "default"; name one of its groups',
    extra: z.strictObject({ groups: z.array(z.string()) }),
  },
  dead_letter_cycle: {
    status: 409,
    title: 'A message given up by this queue would come back to it',
    extra: z.strictObject({ queues: z.array(z.string()) }),
  },
});

export const { problem } = queueProblems;
