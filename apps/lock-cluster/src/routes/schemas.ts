import { z } from 'zod';
import { modes, type Mode } from '../state-machine/index.ts';

const dayMs = 24 * 3_600_000;

export const key = z.string().min(1).max(512).describe('The name of the lock');
export const clientId = z.string().min(1).max(200).describe('Who asks; a lock belongs to a client');
export const requestId = z
  .string()
  .min(1)
  .max(200)
  .optional()
  .describe('Repeating the request with the same id within two minutes changes nothing');
const fencingToken = z.int().min(1).describe('As the grant told it');
const ticket = z.int().min(1).describe('As the queued answer told it');
const ttlMs = z
  .int()
  .min(1)
  .max(7 * dayMs)
  .describe('The lease, 30 s when left out');
const waitMs = z.int().min(0).describe('How long to wait in the queue; 0 tries once');

const names: Readonly<Record<string, Mode>> = { exclusive: 'X', shared: 'S' };
export const mode = z
  .enum([...modes, 'exclusive', 'shared'])
  .transform((name): Mode => names[name] ?? (name as Mode))
  .describe('X exclusive (default), S shared, U update, IS, IX, SIX');

const keysMax = 128;
const distinct = (keys: readonly string[]): boolean => new Set(keys).size === keys.length;
const keyList = z.array(key).min(1).max(keysMax).refine(distinct, { message: 'names a key twice' });

/** Either one key or several; routes see a list. */
const oneOrMany = (body: { readonly key?: unknown; readonly keys?: unknown }): boolean =>
  (body.key === undefined) !== (body.keys === undefined);
const takesOne = { message: 'takes either key or keys' };

export const acquireBody = z
  .strictObject({
    key: key.optional(),
    mode: mode.optional(),
    keys: z
      .array(z.strictObject({ key, mode: mode.optional() }))
      .min(1)
      .max(keysMax)
      .refine((keys) => distinct(keys.map((one) => one.key)), { message: 'names a key twice' })
      .optional()
      .describe('All of them or none'),
    client_id: clientId,
    ttl_ms: ttlMs.optional(),
    wait_ms: waitMs.optional(),
    queue: z.boolean().optional().describe('Stand in line under a ticket instead of waiting here'),
    lock_delay_ms: z
      .int()
      .min(0)
      .max(dayMs)
      .optional()
      .describe('Keeps the key free for so long should the lease expire'),
    algorithm: z.enum(['raft']).optional().describe('How the lock is agreed on'),
    request_id: requestId,
  })
  .refine(oneOrMany, takesOne)
  // Left unheeded, it would make an exclusive request of what was meant as a shared one.
  .refine(({ keys, mode: of }) => keys === undefined || of === undefined, {
    path: ['mode'],
    message: 'belongs to each of the keys, where there are several',
  });

export const releaseBody = z
  .strictObject({
    key: key.optional(),
    keys: keyList.optional(),
    client_id: clientId,
    fencing_token: fencingToken.optional(),
    request_id: requestId,
  })
  .refine(oneOrMany, takesOne);

export const renewBody = z
  .strictObject({
    client_id: clientId,
    key: key.optional(),
    keys: keyList.optional(),
    ttl_ms: ttlMs.optional(),
    fencing_token: fencingToken.optional(),
    request_id: requestId,
  })
  .refine((body) => body.key === undefined || body.keys === undefined, {
    message: 'takes key, or keys, or neither for all that the client holds',
  });

export const convertBody = z
  .strictObject({
    key: key.optional(),
    keys: keyList.optional(),
    client_id: clientId,
    mode,
    wait_ms: waitMs.optional(),
    request_id: requestId,
  })
  .refine(oneOrMany, takesOne);

export const ticketBody = z.strictObject({
  ticket,
  wait_ms: waitMs.optional(),
  request_id: requestId,
});

export const cancelBody = z
  .strictObject({
    ticket: ticket.optional(),
    key: key.optional(),
    client_id: clientId.optional(),
    request_id: requestId,
  })
  .refine(
    (body) =>
      body.ticket === undefined
        ? body.key !== undefined && body.client_id !== undefined
        : body.key === undefined && body.client_id === undefined,
    { message: 'takes either ticket, or key and client_id' },
  );

export const verifyBody = z.strictObject({ key, fencing_token: fencingToken });

const consistency = z
  .enum(['linearizable', 'stale'])
  .optional()
  .describe('stale answers from what this node has applied, without asking anybody');
export const listQuery = z.strictObject({
  prefix: z.string().max(512).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).optional(),
  consistency,
});
export const readQuery = z.strictObject({ consistency });
export const keyParams = z.strictObject({ key });

export const keysOf = (body: {
  readonly key?: string | undefined;
  readonly keys?: readonly string[] | undefined;
}): readonly string[] => body.keys ?? [body.key!];
