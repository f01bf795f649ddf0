import type { Condition } from '../state-machine/commands.ts';

/** The strong entity tag of a version (RFC 9110 §8.8.3). */
export const tagOf = (version: number): string => `"${version}"`;

/** What `If-Match` or `If-None-Match` names. */
export type Tags = '*' | readonly Tag[];

interface Tag {
  readonly isWeak: boolean;
  readonly text: string;
}

const one = /^(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"$/;
const separator = /\s*,\s*(?=(?:W\/)?")/;

/** `undefined`: the field is not a list of entity tags. */
export function readTags(field: string): Tags | undefined {
  const text = field.trim();
  if (text === '*') return '*';
  const tags: Tag[] = [];
  for (const part of text.split(separator)) {
    const match = one.exec(part);
    if (match === null) return undefined;
    tags.push({ isWeak: match[1] !== undefined, text: match[2]! });
  }
  return tags;
}

/** `If-Match` compares strongly: a weak tag matches nothing (§13.1.1). */
export const matchesStrongly = (tags: Tags, version: number): boolean =>
  tags === '*' || tags.some(({ isWeak, text }) => !isWeak && text === String(version));

/** `If-None-Match` compares weakly (§13.1.2). */
export const matchesWeakly = (tags: Tags, version: number): boolean =>
  tags === '*' || tags.some(({ text }) => text === String(version));

/** What the fields of a write mean for the log, which judges them at the moment of the write. */
export function conditionOfTags(fields: {
  readonly ifMatch: Tags | undefined;
  readonly ifNoneMatch: Tags | undefined;
}): Condition | undefined {
  const { ifMatch, ifNoneMatch } = fields;
  if (ifMatch === '*') return { kind: 'present' };
  if (ifMatch !== undefined) {
    return { kind: 'version-in', versions: versionsOf(ifMatch.filter(({ isWeak }) => !isWeak)) };
  }
  if (ifNoneMatch === '*') return { kind: 'absent' };
  if (ifNoneMatch === undefined) return undefined;
  return { kind: 'version-not-in', versions: versionsOf(ifNoneMatch) };
}

/** A tag that is no version of ours is the tag of nothing here. */
const versionsOf = (tags: readonly Tag[]): readonly number[] =>
  tags.filter(({ text }) => /^[1-9]\d{0,15}$/.test(text)).map(({ text }) => Number(text));
