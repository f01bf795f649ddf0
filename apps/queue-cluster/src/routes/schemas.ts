import { jsonValue } from '@quorate/service-kit';
import { z } from 'zod';

const dayMs = 24 * 3_600_000;

export const queueName = z
  .string()
  .regex(/^[\w.:-]{1,200}$/, 'takes 1 to 200 letters, digits, _ . : -')
  .describe('The queue; "default" when left out');
export const groupName = z
  .string()
  .regex(/^[\w.:-]{1,100}$/, 'takes 1 to 100 letters, digits, _ . : -')
  .describe('The consumer group; "default" when left out');
export const requestId = z
  .string()
  .min(1)
  .max(200)
  .optional()
  .describe('Repeating the request with the same id within two minutes changes nothing');
const messageId = z.string().min(1).max(100);
const receipt = z.string().min(1).max(120);
const visibilityMs = z
  .int()
  .min(0)
  .max(dayMs / 2);

const message = {
  key: z
    .string()
    .min(1)
    .max(500)
    .optional()
    .describe('Messages of one key are delivered strictly in order'),
  value: jsonValue('What is handed to the consumer, any JSON'),
  delay_ms: z
    .int()
    .min(0)
    .max(dayMs * 15)
    .optional(),
  ttl_ms: z
    .int()
    .min(1)
    .max(dayMs * 365)
    .optional(),
  priority: z.int().min(0).max(9).optional().describe('Higher first, 0 by default'),
  headers: z.record(z.string().max(200), z.string().max(4_096)).optional(),
  dedup_id: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('A second message with this id within five minutes is not enqueued'),
};

export const enqueueBody = z
  .strictObject({
    queue: queueName.optional(),
    ...z.strictObject(message).partial({ value: true }).shape,
    messages: z.array(z.strictObject(message)).min(1).max(1_000).optional(),
    request_id: requestId,
  })
  .superRefine((body, context) => {
    const single = Object.keys(message).filter((field) => field in body);
    if (body.messages === undefined && body.value === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['value'],
        message: 'takes any JSON; it is missing',
      });
    }
    if (body.messages !== undefined && single.length > 0) {
      const [first] = single;
      context.addIssue({
        code: 'custom',
        path: [first!],
        message: 'belongs into each of "messages"',
      });
    }
  });

export const dequeueBody = z.strictObject({
  queue: queueName.optional(),
  group: groupName.optional(),
  consumer_id: z.string().min(1).max(200).optional(),
  max: z.int().min(1).max(1_000).optional().describe('At most so many messages, 1 by default'),
  wait_ms: z.int().min(0).optional().describe('Wait so long for a first message'),
  visibility_ms: visibilityMs.min(1).optional(),
  request_id: requestId,
});

export const ackBody = z
  .strictObject({
    msg_id: messageId.optional(),
    receipt: receipt.optional(),
    receipts: z.array(receipt).min(1).max(1_000).optional(),
    request_id: requestId,
  })
  .refine((body) => oneOf(body.msg_id, body.receipt, body.receipts), {
    message: 'takes one of msg_id, receipt, receipts',
  });

export const nackBody = z
  .strictObject({
    msg_id: messageId.optional(),
    receipt: receipt.optional(),
    delay_ms: z.int().min(0).max(dayMs).optional(),
    error: z.string().max(2_000).optional().describe('Why; a dead letter carries the last one'),
    request_id: requestId,
  })
  .refine((body) => oneOf(body.msg_id, body.receipt), { message: 'takes one of msg_id, receipt' });

export const extendBody = z.strictObject({
  receipt,
  visibility_ms: visibilityMs,
  request_id: requestId,
});

export const defineBody = z.strictObject({
  visibility_ms: visibilityMs.min(1).optional(),
  max_deliveries: z.int().min(0).max(10_000).optional().describe('0: never a dead letter'),
  dead_letter_queue: queueName.optional(),
  retention_ms: z
    .int()
    .min(1_000)
    .max(dayMs * 365)
    .optional(),
  backoff: z
    .strictObject({ base_ms: z.int().min(0).max(dayMs), max_ms: z.int().min(0).max(dayMs) })
    .optional()
    .describe('A failed message rests base_ms × 2^(failures − 1), at most max_ms'),
  groups: z
    .array(groupName)
    .min(1)
    .max(64)
    .refine((groups) => new Set(groups).size === groups.length, { message: 'names a group twice' })
    .optional(),
  request_id: requestId,
});

export const emptyBody = z.strictObject({ request_id: requestId });
export const deleteQuery = z.strictObject({ request_id: requestId });
export const peekBody = z.strictObject({
  group: groupName.optional(),
  max: z.int().min(1).max(1_000).optional(),
});
export const queueParams = z.strictObject({ queue: queueName });

function oneOf(...values: readonly unknown[]): boolean {
  return values.filter((value) => value !== undefined).length === 1;
}
