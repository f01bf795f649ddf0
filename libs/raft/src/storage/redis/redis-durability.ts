import { StorageRefusal } from '../reports.ts';
import type { RedisLink } from './redis-link.ts';
import { listOf, textOf } from './redis-link.ts';

/** What is wrong with the settings of this Redis for data that must survive; `undefined`: nothing. */
export async function findWeakness(link: RedisLink): Promise<string | undefined> {
  const appendOnly = await setting(link, 'appendonly');
  if (appendOnly === undefined) return 'it does not say how durable it is (CONFIG GET is refused)';
  if (appendOnly !== 'yes') return 'appendonly is off';
  const sync = await setting(link, 'appendfsync');
  if (sync !== 'always') return `appendfsync is ${sync ?? 'unknown'}`;
  if ((await setting(link, 'no-appendfsync-on-rewrite')) === 'yes')
    return 'no-appendfsync-on-rewrite is yes: it does not sync while it rewrites its file';
  const eviction = (await setting(link, 'maxmemory-policy')) ?? 'noeviction';
  if (eviction.startsWith('allkeys'))
    return `maxmemory-policy is ${eviction}: it may evict the log`;
  return undefined;
}

/**
 * A Redis that forgets a vote can elect two leaders, and one that forgets entries loses what was
 * acknowledged. So anything less than a sync before each answer must be accepted by name.
 */
export async function refuseWeakness(
  link: RedisLink,
  prefix: string,
  acceptWeakDurability: boolean,
): Promise<void> {
  await refuseOldVersion(link, prefix);
  if (acceptWeakDurability) return;
  const weakness = await findWeakness(link);
  if (weakness === undefined) return;
  throw new StorageRefusal(
    `Redis keys {${prefix}}`,
    undefined,
    `this Redis may forget what it acknowledged: ${weakness}`,
    'Set appendonly yes, appendfsync always, no-appendfsync-on-rewrite no and ' +
      'maxmemory-policy noeviction in its configuration, ' +
      'or accept the loss of acknowledged writes explicitly (acceptWeakDurability; for a service ' +
      'STORAGE_MAY_FORGET=true)',
  );
}

/** Scripts that may run without free memory came with Redis 7. */
async function refuseOldVersion(link: RedisLink, prefix: string): Promise<void> {
  const answer = await link.callUntilAnswered('INFO', 'server');
  const info = answer.kind === 'reply' ? textOf(answer.value) : answer.message;
  const major = /redis_version:(\d+)/.exec(info)?.[1];
  if (Number(major) >= 7) return;
  throw new StorageRefusal(
    `Redis keys {${prefix}}`,
    undefined,
    `this Redis is of version ${major ?? 'unknown'}`,
    'Use Redis 7 or newer',
  );
}

async function setting(link: RedisLink, name: string): Promise<string | undefined> {
  const answer = await link.callUntilAnswered('CONFIG', 'GET', name);
  if (answer.kind === 'refused') return undefined;
  const [, value] = listOf(answer.value);
  return value === undefined ? undefined : textOf(value);
}
