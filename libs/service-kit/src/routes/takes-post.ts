import { problem, type Problem } from '../errors/problem.ts';

/** For a GET on a path that is a verb of the API and not the name of a thing. */
export const takesPost = (path: string, instead: string): Problem => ({
  ...problem(
    'method_not_allowed',
    `${path} takes POST. To look at something of that name, use GET ${instead}`,
  ),
  headers: { allow: 'POST' },
});
