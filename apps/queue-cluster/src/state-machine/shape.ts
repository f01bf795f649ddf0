import { invariant } from '@quorate/raft';

/**
 * How a value stands in the log: records as lists of their fields. A shape names every field there may
 * be, and refuses to write whatever has another one. So nothing gets into the log by accident: were a
 * whole object handed over where a few of its fields are meant (a configuration with its secrets, say),
 * the command would fail where it was made instead of being kept for ever on every disk.
 */
export interface Shape<T> {
  pack(value: T): unknown;
  unpack(packed: unknown): T;
}

type Plain = string | number | boolean | undefined;

const scalar: Shape<unknown> = {
  pack(value) {
    const type = typeof value;
    invariant(
      type === 'string' || type === 'number' || type === 'boolean' || value === undefined,
      `a field that takes one value was handed ${value === null ? 'null' : `a whole ${type}`}`,
    );
    return value ?? null;
  },
  unpack: (packed) => packed ?? undefined,
};

/** Text, a number, a truth value, or nothing. */
export const plain = <T extends Plain>(): Shape<T> => scalar as Shape<T>;

export const listOf = <T>(item: Shape<T>): Shape<readonly T[]> => ({
  pack: (list) => list.map((one) => item.pack(one)),
  unpack: (packed) => (packed as unknown[]).map((one) => item.unpack(one)),
});

export const optional = <T>(shape: Shape<T>): Shape<T | undefined> => ({
  pack: (value) => (value === undefined ? null : shape.pack(value)),
  unpack: (packed) => (packed === null || packed === undefined ? undefined : shape.unpack(packed)),
});

/** Names and texts that the caller chose. */
export const texts: Shape<Readonly<Record<string, string>>> = {
  pack: (record) => Object.entries(record).flatMap(([name, text]) => [name, scalar.pack(text)]),
  unpack(packed) {
    const flat = packed as string[];
    const record: Record<string, string> = {};
    for (let at = 0; at < flat.length; at += 2) define(record, flat[at]!, flat[at + 1]!);
    return record;
  },
};

/** Assigned plainly, the name `__proto__` would be no field. */
function define(record: Record<string, string>, name: string, value: string): void {
  if (name === '__proto__') {
    Object.defineProperty(record, name, {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  } else record[name] = value;
}

/**
 * The fields in their order, which is for ever; a new one goes to the end, and older records lack it.
 * Fields that are absent at the end are not written.
 */
export function struct<T extends object>(shapes: {
  readonly [K in keyof T]-?: Shape<T[K]>;
}): Shape<T> {
  const names = Object.keys(shapes) as (keyof T & string)[];
  const known = new Set<string>(names);
  return {
    pack(value) {
      for (const name in value) {
        invariant(known.has(name), `a field that no log holds: ${name}`);
      }
      const packed = names.map((name) => shapes[name].pack(value[name]));
      while (packed.length > 0 && packed[packed.length - 1] === null) packed.pop();
      return packed;
    },
    unpack(packed) {
      const list = packed as unknown[];
      invariant(list.length <= names.length, 'a record has fields that this version does not know');
      const value: Partial<T> = {};
      for (let i = 0; i < names.length; i++) {
        const name = names[i]!;
        value[name] = shapes[name].unpack(list[i]);
      }
      return value as T;
    },
  };
}
