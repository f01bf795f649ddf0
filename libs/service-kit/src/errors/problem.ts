import type { z } from 'zod';
import { invariant } from '../invariant.ts';
import { commonCodes, type CodeEntry, type CodeTable, type CommonCode } from './codes.ts';

/** A refusal as a value (RFC 9457). A handler returns it like any other answer; nothing is thrown. */
export interface Problem {
  readonly kind: 'problem';
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly extra: Readonly<Record<string, unknown>> | undefined;
  readonly retryAfterSeconds: number | undefined;
  /** Headers that belong to the status, such as `Allow` with 405. */
  readonly headers?: Readonly<Record<string, string>>;
}

type ExtraOf<E> = E extends { readonly extra: infer Z extends z.ZodObject }
  ? z.input<Z>
  : Readonly<Record<string, unknown>>;

export type MakeProblem<T extends CodeTable> = <C extends keyof T & string>(
  code: C,
  detail: string,
  extra?: ExtraOf<T[C]>,
) => Problem;

export interface ProblemTable<C extends string = string> {
  readonly codes: Readonly<Record<C, CodeEntry>>;
}

/**
 * Declares a service's own codes, once. What comes back makes problems of those and of the common
 * codes; a code that is not in the table does not compile.
 */
export function defineProblems<const T extends CodeTable>(
  own: T,
): ProblemTable<(keyof T & string) | CommonCode> & {
  readonly problem: MakeProblem<T & typeof commonCodes>;
} {
  for (const code of Object.keys(own)) {
    invariant(!(code in commonCodes), `the code ${code} is one of the common codes already`);
  }
  const codes = { ...commonCodes, ...own };
  const entries = new Map(Object.entries<CodeEntry>(codes));
  const problem = (code: string, detail: string, extra?: Readonly<Record<string, unknown>>) => {
    const entry = entries.get(code);
    invariant(entry !== undefined, `the code ${code} is not in the table`);
    return makeProblem(code, entry, { detail, extra });
  };
  return { codes, problem };
}

function makeProblem(
  code: string,
  entry: CodeEntry,
  { detail, extra }: { detail: string; extra: Readonly<Record<string, unknown>> | undefined },
): Problem {
  return {
    kind: 'problem',
    code,
    status: entry.status,
    title: entry.title,
    detail,
    extra,
    retryAfterSeconds: entry.retryAfterSeconds,
  };
}

export const commonProblems = defineProblems({});
export const { problem } = commonProblems;

export function isProblem(value: object): value is Problem {
  return (value as { readonly kind?: unknown }).kind === 'problem';
}

/** The members RFC 9457 names come last, so that no extra member can stand in for one of them. */
export function problemBody(value: Problem): Readonly<Record<string, unknown>> {
  return {
    ...value.extra,
    type: `urn:quorate:problem:${value.code}`,
    title: value.title,
    status: value.status,
    code: value.code,
    detail: value.detail,
  };
}
