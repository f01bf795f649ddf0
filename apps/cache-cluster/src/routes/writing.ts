import { invariant, type ProposeOptions } from '@quorate/raft';
import { isProblem, type Problem } from '@quorate/service-kit';
import type {
  Condition,
  DeleteResult,
  KeyDelete,
  KeyWrite,
  WriteResult,
} from '../state-machine/commands.ts';
import { holds } from '../state-machine/condition.ts';
import { shardNumberOf, type Desk } from './desk.ts';

/** `if_version` of a body, where 0 means that there is no such key. */
export function conditionOf(ifVersion: number | undefined): Condition | undefined {
  if (ifVersion === undefined) return undefined;
  if (ifVersion === 0) return { kind: 'absent' };
  return { kind: 'version-in', versions: [ifVersion] };
}

/**
 * A hit may show that a conditional write must fail: then it is refused without an entry of the log,
 * which would take the line from every node for nothing. Gives the version that stands against it.
 * Not for a request with an id, whose first copy may have been the one that wrote this version.
 */
export function standsAgainst(
  desk: Desk,
  key: string,
  condition: Condition | undefined,
): number | undefined {
  if (condition === undefined) return undefined;
  const line = desk.lines.look(key);
  if (line === undefined || holds(condition, line.item.version)) return undefined;
  return desk.shards[line.shard]!.serves(line) ? line.item.version : undefined;
}

/** In one entry per shard: who reads sees all of a shard's part or nothing of it. */
export function writeAll(
  desk: Desk,
  writes: readonly KeyWrite[],
  options: ProposeOptions,
): Promise<readonly (WriteResult | Problem)[]> {
  const { limits } = desk;
  return perShard(desk, writes, async (shard, part) => {
    const asked = await shard.ask({ kind: 'write', writes: part, limits }, options);
    if (isProblem(asked)) return asked;
    invariant(asked.reply.kind === 'written', `a write was answered ${asked.reply.kind}`);
    return asked.reply.results;
  });
}

export function deleteAll(
  desk: Desk,
  deletes: readonly KeyDelete[],
  options: ProposeOptions,
): Promise<readonly (DeleteResult | Problem)[]> {
  return perShard(desk, deletes, async (shard, part) => {
    const asked = await shard.ask({ kind: 'delete', deletes: part }, options);
    if (isProblem(asked)) return asked;
    invariant(asked.reply.kind === 'deleted', `a delete was answered ${asked.reply.kind}`);
    return asked.reply.results;
  });
}

/** Splits by shard, and puts the results back into the order in which the items came. */
async function perShard<Item extends { readonly key: string }, Result>(
  desk: Desk,
  items: readonly Item[],
  run: (
    shard: Desk['shards'][number],
    part: readonly Item[],
  ) => Promise<readonly Result[] | Problem>,
): Promise<readonly (Result | Problem)[]> {
  const [only] = items;
  if (items.length === 1) {
    const answer = await run(desk.shards[shardNumberOf(desk.ring, only!.key)]!, items);
    return isProblem(answer) ? [answer] : answer;
  }
  const parts = new Map<number, number[]>();
  for (const [at, { key }] of items.entries()) {
    const number = shardNumberOf(desk.ring, key);
    const part = parts.get(number);
    if (part === undefined) parts.set(number, [at]);
    else part.push(at);
  }
  const results: (Result | Problem)[] = [];
  await Promise.all(
    [...parts].map(async ([number, places]) => {
      const answer = await run(
        desk.shards[number]!,
        places.map((at) => items[at]!),
      );
      for (const [i, at] of places.entries()) {
        results[at] = isProblem(answer) ? answer : answer[i]!;
      }
    }),
  );
  return results;
}
