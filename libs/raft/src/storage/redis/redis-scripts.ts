/**
 * Everything that must be whole or absent is one script. Redis runs a script alone and writes its
 * effects to the append-only file as one transaction; of a transaction that is cut short there, it
 * loads nothing.
 *
 * The state is a hash: `claims` (how many processes took this store), `owner` (the one that has it),
 * `counter` (batches written), `term`, `vote`, `first` (number of frames ever trimmed from the log),
 * `floor`, `snapshot` (its footer), `snapshotId`, and `staged:<id>` (parts of each snapshot begun).
 */
const checkOwner = `
local at = redis.call('HMGET', KEYS[1], 'owner', 'counter', 'claims')
if at[1] ~= ARGV[1] then return {'owner', at[3] or '0'} end
`;

/** state; own token. Takes the store from whoever had it and says what is in it. */
export const claimScript = `#!lua flags=allow-oom
local claims = redis.call('HINCRBY', KEYS[1], 'claims', 1)
redis.call('HSET', KEYS[1], 'owner', ARGV[1])
redis.call('HSETNX', KEYS[1], 'counter', '0')
return {claims, redis.call('HGETALL', KEYS[1])}`;

/**
 * state, log; owner, expected counter, frame, term, vote. The counter gives each batch a number: the
 * same batch issued twice is written once, and a Redis that forgot a batch refuses the next.
 */
const writeBody = `${checkOwner}
if at[2] ~= ARGV[2] then return {'counter', at[2] or '0'} end
if ARGV[3] ~= '' then redis.call('RPUSH', KEYS[2], ARGV[3]) end
if ARGV[4] ~= '' then redis.call('HSET', KEYS[1], 'term', ARGV[4], 'vote', ARGV[5]) end
redis.call('HINCRBY', KEYS[1], 'counter', 1)
return {'written'}`;

export const writeScript = `#!lua
${writeBody}`;

/** A vote is a few bytes: it is let through when Redis has no memory for the log. */
export const voteScript = `#!lua flags=allow-oom
${writeBody}`;

/**
 * state; owner. Reads the counter, and writes something: the answer to a write waits for the sync of
 * the append-only file, and that sync covers whatever was written before it.
 */
export const confirmScript = `#!lua flags=allow-oom
${checkOwner}
redis.call('HINCRBY', KEYS[1], 'confirmed', 1)
return {'counter', at[2] or '0'}`;

/** state; owner. Whether Redis takes writes again that grow it. */
export const probeScript = `#!lua
${checkOwner}
redis.call('HINCRBY', KEYS[1], 'confirmed', 1)
return {'room'}`;

/** state, log; owner, number of the first frame to stay, floor. Safe to repeat. */
export const trimScript = `#!lua flags=allow-oom
${checkOwner}
local drop = tonumber(ARGV[2]) - tonumber(redis.call('HGET', KEYS[1], 'first') or '0')
if drop > 0 then
  redis.call('LTRIM', KEYS[2], drop, -1)
  redis.call('HSET', KEYS[1], 'first', ARGV[2])
end
redis.call('HSET', KEYS[1], 'floor', ARGV[3])
return {'trimmed'}`;

/**
 * state, parts…; owner, acknowledged counter, footer, id, payload bytes. Makes a staged snapshot the
 * one that counts, if all of it is still there. Safe to repeat.
 */
export const adoptScript = `#!lua flags=allow-oom
${checkOwner}
if tonumber(at[2] or '0') < tonumber(ARGV[2]) then return {'counter', at[2] or '0'} end
local bytes = 0
for i = 2, #KEYS do bytes = bytes + redis.call('STRLEN', KEYS[i]) end
if bytes ~= tonumber(ARGV[5]) then return {'lost', tostring(bytes)} end
redis.call('HSET', KEYS[1], 'snapshot', ARGV[3], 'snapshotId', ARGV[4])
return {'adopted'}`;
