import { randomUUID } from 'node:crypto';
import type { HardState } from '../../core/entry.ts';
import { nodeId, term } from '../../core/ids.ts';
import { emptyHardState } from '../log-image.ts';
import { StorageRefusal } from '../reports.ts';
import type { RedisKeys } from './redis-keys.ts';
import { listOf, textOf } from './redis-link.ts';
import type { RedisLink } from './redis-link.ts';
import { claimScript } from './redis-scripts.ts';

/** The life that took the store. A later claim fences this one off: its scripts are refused. */
export interface Owner {
  readonly token: string;
  /** How many lives took it up to this one; a Redis that knows fewer has forgotten something. */
  readonly claims: number;
}

export interface ClaimedState {
  readonly owner: Owner;
  readonly counter: number;
  readonly hardState: HardState;
  readonly firstFrame: number;
  readonly floor: number;
  readonly snapshot: { readonly footer: Buffer; readonly id: string } | undefined;
  /** Snapshots that were begun, with the number of their parts: the current one and what is left. */
  readonly staged: readonly { readonly id: string; readonly parts: number }[];
}

export async function claim(link: RedisLink, keys: RedisKeys): Promise<ClaimedState> {
  const token = randomUUID();
  const answer = await link.callUntilAnswered('EVAL', claimScript, 1, keys.state, token);
  if (answer.kind === 'refused') {
    throw new StorageRefusal(keys.state, undefined, answer.message, 'Redis must accept scripts');
  }
  const [claims, pairs] = listOf(answer.value);
  const fields = fieldsOf(listOf(pairs));
  const text = (name: string): string => textOf(fields.get(name));
  const footer = fields.get('snapshot');
  return {
    owner: { token, claims: Number(claims) },
    counter: Number(text('counter')),
    hardState: fields.has('term') ? hardStateOf(text('term'), text('vote')) : emptyHardState,
    firstFrame: Number(text('first')),
    floor: Number(text('floor')),
    snapshot: footer === undefined ? undefined : { footer, id: text('snapshotId') },
    staged: [...fields]
      .filter(([name]) => name.startsWith('staged:'))
      .map(([name, parts]) => ({ id: name.slice('staged:'.length), parts: Number(textOf(parts)) })),
  };
}

const hardStateOf = (inTerm: string, vote: string): HardState => ({
  term: term(Number(inTerm)),
  vote: vote === '' ? undefined : nodeId(vote),
});

function fieldsOf(pairs: readonly unknown[]): Map<string, Buffer> {
  const fields = new Map<string, Buffer>();
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    fields.set(textOf(pairs[i]), pairs[i + 1] as Buffer);
  }
  return fields;
}

/** What a script found instead of what it expected, in words for whoever must look into it. */
export function explainVerdict(
  verdict: string,
  found: number,
  owner: Owner,
  counter: number,
): Error {
  if (verdict === 'owner' && found > owner.claims) {
    return new Error('another process has taken this store; one process may use a prefix');
  }
  if (verdict === 'owner') {
    return new Error(
      `Redis went back: it knows ${found} of the ${owner.claims} processes that took this store, ` +
        'so it has lost what was acknowledged',
    );
  }
  if (verdict === 'counter' && found < counter) {
    return new Error(
      `Redis went back: its counter is ${found}, and write ${counter} had been acknowledged ` +
        '(restarted without its append-only file, failed over to a replica, or restored?)',
    );
  }
  return new Error(
    `Redis answers ${verdict} ${found}, and the last write of this store is ${counter}`,
  );
}
