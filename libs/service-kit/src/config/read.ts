import type { Field, Fields, Values } from './field.ts';

/** What is wrong with one variable, given the values of others. */
export interface Mistake {
  readonly variable: string;
  readonly takes: string;
}

/** A rule between variables. It is only asked when every variable it reads was itself acceptable. */
export interface Rule<F extends Fields> {
  readonly reads: readonly (keyof F & string)[];
  check(values: Values<F>): Mistake | undefined;
}

export interface ConfigSchema<F extends Fields, D extends object> {
  readonly fields: F;
  readonly rules: readonly Rule<F>[];
  /** What follows from the variables; asked only when there are no mistakes. */
  derive(values: Values<F>, env: Env): D;
}

export type Env = Readonly<Record<string, string | undefined>>;

export type Config<S> = S extends ConfigSchema<infer F, infer D> ? Values<F> & Readonly<D> : never;

export type ConfigResult<T> =
  | { readonly ok: true; readonly config: T }
  | { readonly ok: false; readonly mistakes: readonly string[] };

/**
 * Reads everything and reports everything: a person who made three mistakes learns of three at the
 * first start. An empty variable counts as unset, because compose files and shells cannot tell them
 * apart (`${NODE_ID:-}`).
 */
export function readConfig<F extends Fields, D extends object>(
  env: Env,
  schema: ConfigSchema<F, D>,
): ConfigResult<Values<F> & Readonly<D>> {
  const values: Record<string, unknown> = {};
  const failed = new Set<string>();
  const mistakes: string[] = [];
  for (const [key, field] of Object.entries(schema.fields)) {
    const text = textOf(env, field);
    if (text === undefined) {
      values[key] = undefined;
      continue;
    }
    const parsed = field.schema.safeParse(text);
    if (parsed.success) {
      values[key] = parsed.data;
    } else {
      failed.add(key);
      mistakes.push(mistakeLine(env, field, field.takes));
    }
  }
  for (const rule of schema.rules) {
    if (rule.reads.some((key) => failed.has(key))) continue;
    const mistake = rule.check(values as Values<F>);
    if (mistake !== undefined) {
      mistakes.push(mistakeLine(env, fieldOf(schema.fields, mistake.variable), mistake.takes));
    }
  }
  if (mistakes.length > 0) return { ok: false, mistakes };
  const derived = schema.derive(values as Values<F>, env);
  return { ok: true, config: { ...(values as Values<F>), ...derived } };
}

/** Adds an app's own variables and rules to a schema; the result is again a schema. */
export function extendConfig<F extends Fields, D extends object, G extends Fields>(
  base: ConfigSchema<F, D>,
  own: { readonly fields: G; readonly rules?: readonly Rule<F & G>[] },
): ConfigSchema<F & G, D> {
  return {
    fields: { ...base.fields, ...own.fields },
    rules: [...(base.rules as readonly Rule<F & G>[]), ...(own.rules ?? [])],
    derive: (values, env) => base.derive(values, env),
  };
}

/** For an app's `main.ts`: the configuration, or one line per mistake on stderr and exit code 2. */
export function exitOnConfigMistakes<T>(result: ConfigResult<T>): T {
  if (result.ok) return result.config;
  process.stderr.write(`${result.mistakes.join('\n')}\n`);
  process.exit(2);
}

function textOf(env: Env, field: Field<unknown>): string | undefined {
  const held = env[field.variable]?.trim();
  return held === undefined || held === '' ? field.defaultText : held;
}

function mistakeLine(env: Env, field: Field<unknown>, takes: string): string {
  const held = env[field.variable]?.trim() ?? '';
  const shown = held === '' ? 'is not set' : field.secret ? '= (hidden)' : `= ${quoted(held)}`;
  return `${field.variable} ${shown}: takes ${takes}`;
}

/** One line stays one line, whatever the variable held. */
function quoted(held: string): string {
  return JSON.stringify(held.length > 200 ? `${held.slice(0, 200)}…` : held);
}

function fieldOf(fields: Fields, variable: string): Field<unknown> {
  const found = Object.values(fields).find((field) => field.variable === variable);
  if (found === undefined) throw new Error(`a rule names the unknown variable ${variable}`);
  return found;
}
