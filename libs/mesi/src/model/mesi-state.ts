import { afterDrop, afterFlush, afterRead, afterWrite, type DirectoryEntry } from '../directory.ts';
import { nextLineState, type LineEvent } from '../line-state.ts';
import {
  argumentOf,
  isDead,
  keyOf,
  kindOf,
  kinds,
  lineStates,
  type MesiLayout,
} from './mesi-layout.ts';
import type { MesiBounds, MesiGuards } from './mesi-rules.ts';

/** Bound once: a global is slow to look up where tests run, and these run millions of times. */
const { max, min } = Math;

export interface MesiContext {
  readonly at: MesiLayout;
  readonly bounds: MesiBounds;
  readonly guards: MesiGuards;
  /** Directories already folded: the log of a key up to an index → its entry. */
  readonly folded: Map<number, DirectoryEntry | undefined>;
}

/** Whether `node` keeps lines in this exploration. The others are there to write and to vote. */
export function isHolder(bounds: MesiBounds, node: number): boolean {
  return (bounds.holders & (1 << node)) !== 0;
}

export function nodeName(node: number): string {
  return 'abc'[node]!;
}

export function keyName(key: number): string {
  return 'xy'[key]!;
}

/** The directory's entry for `key` after the first `upTo` entries of the log, by the real rules. */
export function directoryAt(
  context: MesiContext,
  state: Uint8Array,
  key: number,
  upTo: number,
): DirectoryEntry | undefined {
  const { at, folded } = context;
  let name = key + 1;
  for (let index = 1; index <= upTo; index++) {
    const entry = state[at.entries + index - 1]!;
    name = name * 256 + (keyOf(entry) === key && !isDead(entry) ? entry : 0);
  }
  if (folded.has(name)) {
    return folded.get(name);
  }
  let directory: DirectoryEntry | undefined;
  for (let index = 1; index <= upTo; index++) {
    const entry = state[at.entries + index - 1]!;
    if (keyOf(entry) === key && !isDead(entry)) {
      directory = folding(context, directory, entry, index);
    }
  }
  folded.set(name, directory);
  return directory;
}

function folding(
  { guards }: MesiContext,
  directory: DirectoryEntry | undefined,
  entry: number,
  index: number,
): DirectoryEntry | undefined {
  switch (kindOf(entry)) {
    case kinds.write:
      return afterWrite({ node: argumentOf(entry), version: index });
    case kinds.read:
      return directory && afterRead(directory, argumentOf(entry));
    case kinds.drop:
      return guards.dropLeavesTombstone ? afterDrop(index) : undefined;
    case kinds.flush: {
      const version = guards.flushNamesVersion ? argumentOf(entry) : directory?.version;
      return directory && afterFlush(directory, version ?? 0);
    }
  }
  return directory;
}

/** The newest write or drop of `key` in the log up to `upTo`; 0 if there is none. */
export function lastChangeIn(
  { at }: MesiContext,
  state: Uint8Array,
  key: number,
  upTo: number,
): number {
  for (let index = upTo; index > 0; index--) {
    const entry = state[at.entries + index - 1]!;
    const kind = kindOf(entry);
    const changes = kind === kinds.write || kind === kinds.drop;
    if (changes && keyOf(entry) === key && !isDead(entry)) {
      return index;
    }
  }
  return 0;
}

/** The next entry after `index` that was not cut off; 0 if there is none. */
export function nextLive({ at }: MesiContext, state: Uint8Array, index: number): number {
  for (let next = index + 1; next <= state[at.length]!; next++) {
    if (!isDead(state[at.entries + next - 1]!)) {
      return next;
    }
  }
  return 0;
}

export function moveLine(
  { at }: MesiContext,
  state: Uint8Array,
  cell: number,
  event: LineEvent,
): void {
  const next = nextLineState(lineStates[state[at.line + cell]!]!, event);
  state[at.line + cell] = lineStates.indexOf(next);
  if (next === 'I') {
    state[at.lineVersion + cell] = 0;
    state[at.grantedAt + cell] = 0;
  }
}

export function setLine(
  { at }: MesiContext,
  state: Uint8Array,
  cell: number,
  line: { readonly event: LineEvent; readonly version: number; readonly index: number },
): void {
  const next = nextLineState(lineStates[state[at.line + cell]!]!, line.event);
  state[at.line + cell] = lineStates.indexOf(next);
  state[at.lineVersion + cell] = line.version;
  state[at.grantedAt + cell] = line.index;
}

export function clearFill({ at }: MesiContext, state: Uint8Array, cell: number): void {
  state[at.fill + cell] = 0;
  state[at.fetched + cell] = 0;
  state[at.fillCancelled + cell] = 0;
}

/** Some answer showed `version` of `key`; from here on nobody may show an older one. */
export function reveal({ at }: MesiContext, state: Uint8Array, key: number, version: number): void {
  state[at.revealed + key] = max(state[at.revealed + key]!, version);
}

/** Whether a hit on the line would be answered now. */
export function isServable(
  { at, guards }: MesiContext,
  state: Uint8Array,
  node: number,
  key: number,
): boolean {
  const cell = at.cell(node, key);
  if (state[at.serving + node] === 0 || state[at.line + cell] === 0) {
    return false;
  }
  return !guards.hitWaitsUntilSettled || state[at.grantedAt + cell]! <= state[at.settled]!;
}

/** How many entries everybody has applied when the exploration starts. */
export function entriesAtStart(bounds: MesiBounds): number {
  return bounds.cleanAtStart ? 2 * bounds.keys : bounds.keys;
}

/** The index that two of the three nodes have: the median. */
export function majorityAppended({ at }: MesiContext, state: Uint8Array): number {
  const a = state[at.appended]!;
  const b = state[at.appended + 1]!;
  const c = state[at.appended + 2]!;
  return max(min(a, b), min(max(a, b), c));
}
