import { setTimeout as delay } from 'node:timers/promises';
import { waitUntil } from '@quorate/testkit';
import type { Arena, Check } from '@quorate/testkit';
import { Redis } from 'ioredis';
import { decodeItem } from '../src/memory/item-codec.ts';
import type { RedisServer } from '../src/memory/test/redis-server.ts';

/** While the nodes have their faults, the Redis behind them is killed and hangs too, in its own time. */
export class RedisWeather {
  private readonly redis: RedisServer;
  private kills = 0;
  private hangs = 0;

  constructor(redis: RedisServer) {
    this.redis = redis;
  }

  async run(arena: Arena): Promise<void> {
    const random = arena.random.split('redis');
    while (!arena.isOver) {
      await wait(arena, random.integer(1_000, 5_000));
      if (random.chance(0.6)) {
        this.kills += 1;
        await this.redis.kill();
        await wait(arena, random.integer(100, 3_000));
        await this.redis.start();
      } else {
        this.hangs += 1;
        this.redis.freeze();
        await wait(arena, random.integer(300, 4_000));
        this.redis.thaw();
      }
    }
  }

  /** When nothing is left to flush, Redis has for each key what a reader is answered, and no other. */
  async judge(arena: Arena, keys: Iterable<string>): Promise<Check> {
    const violations: string[] = [];
    const drained = await waitUntil('the flush', () => isFlushed(arena), {
      timeoutMs: 30_000,
    }).catch((error: unknown) => String(error));
    if (drained !== true) violations.push(drained);
    const kept = await this.kept();
    let compared = 0;
    for (const key of keys) {
      const result = await arena.insist('/cache/get', { key });
      if (result.kind !== 'answered') {
        violations.push(`"${key}" cannot be read`);
        continue;
      }
      const { status, body } = result.answer;
      const answered = status === 200 ? JSON.stringify(body['val']) : undefined;
      compared += 1;
      if (kept.get(key) !== answered) {
        violations.push(
          `"${key}": Redis has ${kept.get(key) ?? 'nothing'}, a reader gets ${answered ?? 'nothing'}`,
        );
      }
    }
    return {
      name: 'after the storm Redis has what was acknowledged',
      says: `${compared} keys compared; Redis was killed ${this.kills} times and hung ${this.hangs} times`,
      violations,
    };
  }

  private async kept(): Promise<Map<string, string>> {
    const client = new Redis(this.redis.port);
    const found = new Map<string, string>();
    for (const name of await client.keys('quorate:*:v:*')) {
      const item = decodeItem((await client.getBuffer(name))!);
      found.set(name.slice(name.indexOf(':v:') + 3), new TextDecoder().decode(item!.value.bytes));
    }
    client.disconnect();
    return found;
  }
}

/** In small steps, so that the end of the storm does not find Redis away for long. */
async function wait(arena: Arena, ms: number): Promise<void> {
  const untilMs = arena.now() + ms;
  while (arena.now() < untilMs && !arena.isOver) await delay(50);
}

async function isFlushed(arena: Arena): Promise<boolean> {
  for (const name of arena.cluster.names) {
    const response = await fetch(`${arena.cluster.processes.url(name)}/metrics`);
    const lags = [
      ...(await response.text()).matchAll(/^cache_flush_lag_entries(?:\{.*\})? (\S+)$/gm),
    ];
    if (lags.length === 0 || lags.some(([, lag]) => Number(lag) !== 0)) return false;
  }
  return true;
}
