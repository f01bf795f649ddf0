import type { z } from 'zod';

/** What is wrong with one field of a request, in words a client's author understands. */
export interface FieldMistake {
  readonly field: string;
  readonly detail: string;
}

type Issue = z.core.$ZodIssue;

const mistakesMax = 20;

/** At most twenty mistakes: enough for a person, bounded for a body made of nothing else. */
export function describeIssues(issues: readonly Issue[]): readonly FieldMistake[] {
  const found: FieldMistake[] = [];
  for (const issue of issues) collect(issue, [], found);
  return found.slice(0, mistakesMax);
}

export function summarise(mistakes: readonly FieldMistake[]): string {
  return mistakes
    .map(({ field, detail }) => (field === '' ? detail : `${field}: ${detail}`))
    .join('; ');
}

function collect(issue: Issue, prefix: readonly PropertyKey[], found: FieldMistake[]): void {
  if (found.length >= mistakesMax) return;
  const path = [...prefix, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys.slice(0, mistakesMax)) {
      found.push({ field: fieldName([...path, shortened(key)]), detail: 'is not a known field' });
    }
    return;
  }
  const branch = issue.code === 'invalid_union' ? closestBranch(issue.errors) : undefined;
  if (branch === undefined) found.push({ field: fieldName(path), detail: worded(issue) });
  else for (const inner of branch) collect(inner, path, found);
}

/**
 * A body that fits no variant is explained by the variant it misses least: `{keys: [1]}` was meant as
 * the one with `keys`, so it is told about the number and not about a missing `key`.
 */
function closestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  let best: readonly Issue[] | undefined;
  for (const branch of branches) {
    if (best === undefined || distance(branch) < distance(best)) best = branch;
  }
  return best;
}

function distance(issues: readonly Issue[]): number {
  let sum = 0;
  for (const issue of issues) {
    // A branch that fails as a whole (a number where an object goes) is further off than one field.
    if (issue.path.length === 0 && issue.code === 'invalid_type') sum += 10;
    else sum += issue.code === 'unrecognized_keys' ? 2 * issue.keys.length : 1;
    if (isMissing(issue)) sum += 1;
  }
  return sum;
}

function isMissing(issue: Issue): boolean {
  return issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
}

function worded(issue: Issue): string {
  if (isMissing(issue)) return 'is required';
  const message = issue.message.replace(
    /^(?:Invalid (?:input|option|string)|Too (?:big|small)): /,
    '',
  );
  return shortened(message);
}

function shortened(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** `entries[3].key`, as one would write it in code. */
function fieldName(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? String(part) : `.${String(part)}`;
  }
  return text;
}
