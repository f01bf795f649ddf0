import type { FlushBatch, Flushed } from './memory.ts';
import { encodeItem, versionDigits, versionText } from './item-codec.ts';

/**
 * mark, values…; term, attempt, whether the mark must be there, then version, value and life of each.
 *
 * `acceptsFlush` of `@quorate/mesi`, inside Redis: the mark keeps the newest token that wrote to this
 * shard, and a batch with an older one writes nothing, however late it comes. Then each value by its
 * version. An empty value is a deletion.
 *
 * In a Redis that is full not even the mark can be set. Deletions go through all the same, for they
 * alone make room; the error is answered, and as long as it is, their sender repeats them.
 */
export const flushScript = `
local mark = redis.call('GET', KEYS[1])
local term, attempt = tonumber(ARGV[1]), tonumber(ARGV[2])
if mark then
  local seenTerm, seenAttempt = string.match(mark, '^(%d+) (%d+)$')
  seenTerm, seenAttempt = tonumber(seenTerm), tonumber(seenAttempt)
  if seenTerm > term or (seenTerm == term and seenAttempt > attempt) then
    return {'fenced', seenTerm, seenAttempt}
  end
elseif ARGV[3] == '1' then
  return {'mark-missing'}
end
local function isNewer(i)
  local kept = redis.pcall('GETRANGE', KEYS[i], 0, ${versionDigits - 1})
  local version = type(kept) == 'string' and tonumber(kept)
  return version and version > tonumber(ARGV[i * 3 - 2])
end
local marked = redis.pcall('SET', KEYS[1], string.format('%d %d', term, attempt))
if marked.err then
  for i = 2, #KEYS do
    if ARGV[i * 3 - 1] == '' and not isNewer(i) then redis.call('DEL', KEYS[i]) end
  end
  return marked
end
local results = {'flushed'}
for i = 2, #KEYS do
  local value, life = ARGV[i * 3 - 1], ARGV[i * 3]
  if isNewer(i) then
    results[i] = 'newer'
  else
    if value == '' then
      redis.call('DEL', KEYS[i])
    elseif life == '' then
      redis.call('SET', KEYS[i], value)
    else
      redis.call('SET', KEYS[i], value, 'PX', life)
    end
    results[i] = 'written'
  end
end
return results`;

/** Redis may forget a value so long after its time is over by the directory's clock, and not before. */
const broomMs = 3_600_000;

export function flushParameters(
  { token, markExpected, writes }: FlushBatch,
  keys: { readonly mark: string; readonly value: (key: string) => string },
): (string | number | Buffer)[] {
  const names = [keys.mark];
  const values: (string | number | Buffer)[] = [token.term, token.attempt, markExpected ? 1 : 0];
  for (const { key, version, item, expiresInMs } of writes) {
    names.push(keys.value(key));
    values.push(
      versionText(version),
      item === undefined ? '' : encodeItem(item),
      expiresInMs === undefined ? '' : Math.ceil(expiresInMs + broomMs),
    );
  }
  return [names.length, ...names, ...values];
}

export function flushedOf(reply: unknown): Flushed {
  const [verdict, ...rest] = (Array.isArray(reply) ? reply : []).map(String);
  switch (verdict) {
    case 'flushed':
      return {
        kind: 'flushed',
        results: rest.map((one) => (one === 'newer' ? 'newer' : 'written')),
      };
    case 'fenced':
      return { kind: 'fenced', by: { term: Number(rest[0]), attempt: Number(rest[1]) } };
    case 'mark-missing':
      return { kind: 'mark-missing' };
    default:
      return { kind: 'unknown', detail: `Redis answered ${verdict ?? 'nothing'}` };
  }
}
