import { z } from 'zod';

/**
 * One environment variable: what it is called, what it takes, and how its text becomes a value. The
 * description and the default live here and nowhere else; `.env.example` and the reference are compared
 * with them.
 */
export interface Field<T> {
  readonly variable: string;
  readonly description: string;
  /** What a person may write, as the end of the sentence "takes …". */
  readonly takes: string;
  /** The text used when the variable is unset or empty. Without it the value is `undefined`. */
  readonly defaultText: string | undefined;
  /** For people: how a default that depends on other variables comes about. */
  readonly defaultNote: string | undefined;
  /** A secret is never repeated, neither in a mistake nor in a log. */
  readonly secret: boolean;
  readonly schema: z.ZodType<T, string>;
}

export type Fields = Readonly<Record<string, Field<unknown>>>;

export type Values<F extends Fields> = {
  readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never;
};

export interface FieldOptions {
  readonly description: string;
  readonly default?: string | number | boolean;
  readonly defaultNote?: string;
  readonly secret?: boolean;
}

/** With a default the value is always there; without one it may be missing, and its type says so. */
export type Filled<T, O extends FieldOptions> = O extends {
  readonly default: string | number | boolean;
}
  ? T
  : T | undefined;

export interface Kind<T> {
  readonly takes: string;
  readonly schema: z.ZodType<T, string>;
}

export function field<T, O extends FieldOptions>(
  variable: string,
  kind: Kind<T>,
  options: O,
): Field<Filled<T, O>> {
  return {
    variable,
    description: options.description,
    takes: kind.takes,
    defaultText: options.default === undefined ? undefined : String(options.default),
    defaultNote: options.defaultNote,
    secret: options.secret ?? false,
    schema: kind.schema,
  };
}

/** A kind from a function that reads the text, or answers `undefined` for what it does not take. */
export function kindOf<T>(takes: string, read: (text: string) => T | undefined): Kind<T> {
  const schema = z.string().transform((text, context): T => {
    const value = read(text);
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: `takes ${takes}` });
    return z.NEVER;
  });
  return { takes, schema };
}
