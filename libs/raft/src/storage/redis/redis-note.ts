import { RedisLink, textOf } from './redis-link.ts';

const timeoutMs = 10_000;

/** Keeps a line of text in Redis, where the first one stays: answers what stands there. */
export async function keepRedisNote(url: string, key: string, note: string): Promise<string> {
  const link = new RedisLink({ url, replyTimeoutMs: timeoutMs, report: () => undefined });
  try {
    await link.connect(timeoutMs);
    // Repeated after a lost answer it changes nothing: the first stays.
    const kept = await link.callUntilAnswered('SET', key, note, 'NX');
    if (kept.kind === 'refused') throw new Error(`Redis: ${kept.message}`);
    const found = await link.callUntilAnswered('GET', key);
    if (found.kind === 'refused') throw new Error(`Redis: ${found.message}`);
    return textOf(found.value);
  } finally {
    link.close();
  }
}
