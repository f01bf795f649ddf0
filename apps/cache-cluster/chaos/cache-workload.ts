import type { Arena, Check, Workload } from '@quorate/testkit';
import type { RedisWeather } from './redis-weather.ts';
import { Registers } from './registers.ts';

export function cacheWorkload(redis?: RedisWeather): Workload {
  const registers = new Registers({ clients: 20, keys: 6 });
  return {
    run: async (arena) => {
      await Promise.all([registers.run(arena), redis?.run(arena)]);
    },
    judge: async (arena) => [
      ...registers.judge(),
      await allAgree(arena, registers.keys),
      ...(redis === undefined ? [] : [await redis.judge(arena, registers.keys)]),
    ],
  };
}

/** In the calm after the storm every node gives the same answer. */
async function allAgree(arena: Arena, keys: ReadonlySet<string>): Promise<Check> {
  const violations: string[] = [];
  for (const key of keys) {
    const answers = new Set<string>();
    for (const node of arena.cluster.names) {
      const body = await settledRead(arena, node, key);
      answers.add(
        body === undefined ? 'no answer' : JSON.stringify([body['val'], body['version']]),
      );
    }
    if (answers.size > 1) violations.push(`"${key}": ${[...answers].join(' or ')}`);
    if (answers.has('no answer')) violations.push(`"${key}" is not answered by every node`);
  }
  return {
    name: 'after the storm all nodes answer, and the same',
    says: `${keys.size} keys on ${arena.cluster.names.length} nodes`,
    violations,
  };
}

const readWithinMs = 15_000;

async function settledRead(
  arena: Arena,
  node: string,
  key: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const giveUpMs = arena.now() + readWithinMs;
  while (arena.now() < giveUpMs) {
    const answer = await arena.tryOnce(node, '/cache/get', { key });
    if (typeof answer !== 'object') continue;
    if (answer.status === 200) return answer.body;
    if (answer.status === 404) return {};
  }
  return undefined;
}
