import { defineProblems } from '@quorate/service-kit';
import { z } from 'zod';

/** The codes only this service answers with. */
export const cacheProblems = defineProblems({
  version_mismatch: {
    status: 412,
    title: 'The key does not have the version that the request was made for',
    extra: z.strictObject({
      current_version: z.int().describe('0: there is no such key'),
    }),
  },
  memory_unavailable: {
    status: 503,
    title: 'The value is in memory that cannot be reached at the moment',
    retryAfterSeconds: 1,
  },
});

export const { problem } = cacheProblems;
