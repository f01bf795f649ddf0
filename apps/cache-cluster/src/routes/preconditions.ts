import { isProblem, type Context, type Problem } from '@quorate/service-kit';
import { problem } from '../problems.ts';
import type { Condition } from '../state-machine/commands.ts';
import { conditionOfTags, readTags, type Tags } from './entity-tags.ts';

/** `If-Match` and `If-None-Match` of a request. */
export interface Preconditions {
  readonly ifMatch: Tags | undefined;
  readonly ifNoneMatch: Tags | undefined;
}

export function preconditionsOf({ headers }: Pick<Context, 'headers'>): Preconditions | Problem {
  const match = headers['if-match'];
  const noneMatch = headers['if-none-match'];
  const ifMatch = match === undefined ? undefined : readTags(match);
  const ifNoneMatch = noneMatch === undefined ? undefined : readTags(noneMatch);
  const isBroken =
    (match !== undefined && ifMatch === undefined) ||
    (noneMatch !== undefined && ifNoneMatch === undefined);
  return isBroken
    ? problem('invalid_request', 'If-Match and If-None-Match take * or entity tags such as "17".')
    : { ifMatch, ifNoneMatch };
}

/** For a write they are judged by the log, at the moment of the write. */
export function writeCondition(context: Context): { readonly on: Condition | undefined } | Problem {
  const tags = preconditionsOf(context);
  return isProblem(tags) ? tags : { on: conditionOfTags(tags) };
}
