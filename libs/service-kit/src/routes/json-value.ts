import { z } from 'zod';

export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

export const jsonDepthMax = 64;

/**
 * A field that takes any JSON, for values which a service keeps and hands back unread. What came out of
 * `JSON.parse` is JSON already; only its depth has to be bounded, because a megabyte of `[` parses well
 * and then breaks the stack of whoever encodes it.
 */
export function jsonValue(description: string): z.ZodType<JsonValue> {
  return z
    .custom<JsonValue>((value) => value !== undefined && isShallow(value, jsonDepthMax), {
      error: (issue) =>
        issue.input === undefined
          ? 'Invalid input: expected any JSON, received undefined'
          : `nested deeper than ${jsonDepthMax} levels`,
    })
    .meta({ description, type: ['object', 'array', 'string', 'number', 'boolean', 'null'] });
}

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (levels === 0) return false;
  if (Array.isArray(value)) {
    for (const item of value) if (!isShallow(item, levels - 1)) return false;
    return true;
  }
  for (const key in value) {
    if (!isShallow((value as Record<string, unknown>)[key], levels - 1)) return false;
  }
  return true;
}
