import { z } from 'zod';
import { invariant } from '../invariant.ts';

/**
 * Unknown fields are refused by name, at every depth. Zod's plain `z.object` drops them in silence, and
 * a client that writes `ttl` for `ttl_ms` would never learn of it; so a schema that holds one does not
 * get as far as serving requests.
 */
export function assertStrict(schema: z.core.$ZodType, where: string): void {
  visit(schema, where, new Set());
}

function visit(schema: z.core.$ZodType, where: string, seen: Set<z.core.$ZodType>): void {
  if (seen.has(schema)) return;
  seen.add(schema);
  if (schema instanceof z.ZodObject) {
    const { catchall, shape } = schema._zod.def;
    invariant(catchall !== undefined, `${where} drops unknown fields: use z.strictObject`);
    for (const [key, value] of Object.entries<z.core.$ZodType>(shape)) {
      visit(value, `${where}.${key}`, seen);
    }
    return;
  }
  for (const [step, inner] of parts(schema)) visit(inner, `${where}${step}`, seen);
}

function parts(schema: z.core.$ZodType): readonly (readonly [string, z.core.$ZodType])[] {
  if (schema instanceof z.ZodArray) return [['[]', schema._zod.def.element]];
  if (schema instanceof z.ZodRecord) return [['.*', schema._zod.def.valueType]];
  if (schema instanceof z.ZodTuple) {
    return schema._zod.def.items.map((item, index) => [`[${index}]`, item] as const);
  }
  if (schema instanceof z.ZodUnion) {
    return schema._zod.def.options.map((option, index) => [`|${index}`, option] as const);
  }
  if (schema instanceof z.ZodIntersection) {
    return [
      ['&', schema._zod.def.left],
      ['&', schema._zod.def.right],
    ];
  }
  if (schema instanceof z.ZodPipe) return [['', schema._zod.def.in]];
  if (schema instanceof z.ZodLazy) return [['', schema._zod.def.getter()]];
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodReadonly
  ) {
    return [['', schema._zod.def.innerType]];
  }
  return [];
}
