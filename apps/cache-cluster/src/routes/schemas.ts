import { jsonValue } from '@quorate/service-kit';
import { z } from 'zod';

const dayMs = 24 * 3_600_000;

export const batchMax = 1_000;

/** Half of a surrogate pair has no UTF-8, so two keys that differ by one would become the same. */
export const key = z
  .string()
  .regex(/^\P{Surrogate}{1,1024}$/u, 'takes 1 to 1024 characters of valid Unicode')
  .describe('Any text');

export const ttlMs = z
  .int()
  .min(1)
  .max(dayMs * 3_650)
  .describe('The key is gone so long after the write, in cluster time');

/** In a query everything is text. */
export const ttlMsOfQuery = z
  .string()
  .regex(/^\d{1,12}$/, 'takes milliseconds')
  .transform(Number)
  .pipe(ttlMs)
  .optional();

const ifVersion = z
  .int()
  .min(0)
  .describe('Only if the key has this version; 0: only if there is no such key');

export const requestId = z
  .string()
  .min(1)
  .max(200)
  .optional()
  .describe('Repeating the request with the same id within two minutes changes nothing');

export const consistency = z
  .enum(['linearizable', 'stale'])
  .optional()
  .describe('`stale` answers from whatever this node knows, and asks nobody');

const entry = {
  key,
  val: jsonValue('What is stored, any JSON'),
  ttl_ms: ttlMs.optional(),
  if_version: ifVersion.optional(),
};

export const putBody = z.strictObject({ ...entry, request_id: requestId });
export const getBody = z.strictObject({ key, consistency });
export const deleteBody = z.strictObject({
  key,
  if_version: ifVersion.optional(),
  request_id: requestId,
});

const distinct = (keys: readonly string[]): boolean => new Set(keys).size === keys.length;
const twice = { message: 'names a key twice' };

export const mgetBody = z.strictObject({
  keys: z.array(key).min(1).max(batchMax).refine(distinct, twice),
  consistency,
});

export const mputBody = z.strictObject({
  entries: z
    .array(z.strictObject(entry))
    .min(1)
    .max(batchMax)
    .refine((entries) => distinct(entries.map((one) => one.key)), twice),
  request_id: requestId,
});

export const mdeleteBody = z.strictObject({
  keys: z.array(key).min(1).max(batchMax).refine(distinct, twice),
  request_id: requestId,
});

export const keyParams = z.strictObject({ key });

const lineState = z.enum(['M', 'E', 'S', 'I']);

export const written = z.strictObject({
  key: z.string(),
  version: z.int(),
  state: z.literal('M').describe('Of the line of this node: newer than memory'),
});

export const found = z
  .strictObject({
    key: z.string(),
    val: z.unknown(),
    version: z.int(),
    state: lineState.describe('Of the line of this node; I where the value was not kept'),
    source: z.enum(['cache', 'memory', 'redis']).describe('`cache`: no other node was asked'),
    expires_in_ms: z.int().optional().describe('For a key with a time to live'),
    content_type: z.string().optional().describe('For a value that was not put as JSON'),
    encoding: z.literal('base64').optional().describe('How `val` stands for bytes'),
  })
  .meta({ id: 'CacheValue' });

const refused = z.strictObject({
  key: z.string(),
  status: z.int(),
  code: z.string(),
  detail: z.string(),
  current_version: z.int().optional(),
});

export const writtenItems = z.strictObject({ results: z.array(z.union([written, refused])) });
export const foundItems = z.strictObject({ results: z.array(z.union([found, refused])) });
export const deletedItems = z.strictObject({
  results: z.array(z.union([z.strictObject({ key: z.string(), deleted: z.boolean() }), refused])),
});

export const linesBody = z
  .strictObject({
    key: z.string(),
    version: z.int(),
    owner: z.string().nullable().describe('The only node that may have a line'),
    sharers: z.array(z.string()).describe('The nodes that may have one, the owner included'),
    dirty: z.boolean().describe('The newest value is ahead of memory'),
    expires_in_ms: z.int().nullable(),
    nodes: z.record(z.string(), lineState),
  })
  .meta({ id: 'CacheLines' });
