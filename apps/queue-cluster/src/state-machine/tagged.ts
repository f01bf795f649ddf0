import { invariant, type Codec } from '@quorate/raft';
import { Packr } from 'msgpackr';
import { struct, type Shape } from './shape.ts';

/** Plain lists: nothing is learned from one record about the next. */
export const packr = new Packr({ useRecords: false });

/** Grows when a field changes its meaning; one more at the end needs no new version. */
const version = 1;

type Fields<T extends { kind: string }, K extends T['kind']> = Omit<
  Extract<T, { kind: K }>,
  'kind'
>;

/** Tag and fields of each kind. Tags are for ever; a new kind takes the next. */
export type Kinds<T extends { kind: string }> = {
  readonly [K in T['kind']]: readonly [
    tag: number,
    fields: { readonly [F in keyof Fields<T, K>]-?: Shape<Fields<T, K>[F]> },
  ];
};

/** Values of several kinds, as lists that begin with a version and a tag. */
export function taggedCodec<T extends { kind: string }>(kinds: Kinds<T>): Codec<T> {
  const byKind = new Map<string, { readonly tag: number; readonly shape: Shape<object> }>();
  const byTag: { readonly kind: string; readonly shape: Shape<object> }[] = [];
  for (const [kind, [tag, fields]] of Object.entries(kinds) as [string, Kinds<T>[T['kind']]][]) {
    const shape = struct({ kind: kindOnly(kind), ...fields }) as unknown as Shape<object>;
    invariant(byTag[tag] === undefined, 'each kind has a tag of its own');
    byKind.set(kind, { tag, shape });
    byTag[tag] = { kind, shape };
  }
  return {
    encode(value) {
      const known = byKind.get(value.kind);
      invariant(known !== undefined, `no log holds a ${value.kind}`);
      const fields = known.shape.pack(value) as unknown[];
      fields[0] = known.tag;
      return packr.pack([version, ...fields]);
    },
    decode(bytes) {
      const [written, ...fields] = packr.unpack(bytes) as unknown[];
      invariant(written === version, `written in version ${String(written)}, this is ${version}`);
      const known = byTag[fields[0] as number];
      invariant(known !== undefined, `no kind has the tag ${String(fields[0])}`);
      return known.shape.unpack(fields) as T;
    },
  };
}

/** Its place in the list is taken by the tag. */
const kindOnly = (kind: string): Shape<string> => ({ pack: () => 0, unpack: () => kind });
