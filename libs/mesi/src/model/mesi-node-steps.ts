import { lineStateOf } from '../directory.ts';
import { eventAtAppend } from '../line-state.ts';
import type { BusTransactionKind } from '../bus.ts';
import type { Emit } from './checker.ts';
import { argumentOf, isDead, keyOf, kindOf, kinds, nodeCount } from './mesi-layout.ts';
import {
  clearFill,
  directoryAt,
  entriesAtStart,
  isHolder,
  isServable,
  keyName,
  lastChangeIn,
  moveLine,
  nodeName,
  reveal,
  setLine,
  type MesiContext,
} from './mesi-state.ts';

/** Bound once: a global is slow to look up where tests run, and these run millions of times. */
const { max } = Math;

const names: Readonly<Record<number, BusTransactionKind>> = {
  [kinds.read]: 'BusRd',
  [kinds.write]: 'BusRdX',
  [kinds.drop]: 'Drop',
  [kinds.flush]: 'Flush',
};

/** What a node does when an entry comes into its log, long before it is committed. */
export function snoopEntry(
  context: MesiContext,
  state: Uint8Array,
  node: number,
  entry: number,
): void {
  const { at, guards } = context;
  const cell = at.cell(node, keyOf(entry));
  const event = eventAtAppend(names[kindOf(entry)]!, argumentOf(entry) === node);
  if (event === undefined) {
    return;
  }
  if (guards.invalidatesAtAppend) {
    moveLine(context, state, cell, event);
  }
  if (event !== 'other-read' && guards.appendCancelsFill && state[at.fill + cell]! > 0) {
    state[at.fillCancelled + cell] = 1;
  }
}

/** What a node does when it applies the entry at `index`. */
export function applyEntry(
  context: MesiContext,
  state: Uint8Array,
  node: number,
  index: number,
): void {
  const { at } = context;
  const entry = state[at.entries + index - 1]!;
  const key = keyOf(entry);
  const cell = at.cell(node, key);
  const own = argumentOf(entry) === node;
  state[at.applied + node] = index;
  switch (kindOf(entry)) {
    case kinds.write:
      if (own && isHolder(context.bounds, node) && mayKeep(context, state, node, key, index)) {
        clearLineFill(context, state, cell);
        setLine(context, state, cell, { event: 'own-write', version: index, index });
        shareIfAsked(context, state, node, key, index);
      } else if (!own) {
        moveOlder(context, state, cell, index, 'other-write');
      }
      return;
    case kinds.drop:
      moveOlder(context, state, cell, index, 'drop');
      return;
    case kinds.read:
      if (own) {
        applyOwnRead(context, state, node, key, index);
      } else {
        moveLine(context, state, cell, 'other-read');
      }
      return;
    case kinds.flush:
      if (state[at.lineVersion + cell] === argumentOf(entry)) {
        moveLine(context, state, cell, 'flush');
      }
      return;
  }
}

/** A late application must not take a line that a newer entry gave. */
function moveOlder(
  context: MesiContext,
  state: Uint8Array,
  cell: number,
  index: number,
  event: 'other-write' | 'drop',
): void {
  if (state[context.at.lineVersion + cell]! < index) {
    moveLine(context, state, cell, event);
  }
}

/** The value is at hand (the dirty table is replicated), or has to be fetched from memory. */
function applyOwnRead(
  context: MesiContext,
  state: Uint8Array,
  node: number,
  key: number,
  index: number,
): void {
  const { at } = context;
  const cell = at.cell(node, key);
  const directory = directoryAt(context, state, key, index);
  if (directory?.present !== true) {
    return;
  }
  const keep = mayKeep(context, state, node, key, index);
  if (directory.dirty) {
    if (keep) {
      const event = lineStateOf(directory, node) === 'S' ? 'own-read-shared' : 'own-read-alone';
      setLine(context, state, cell, { event, version: directory.version, index });
      shareIfAsked(context, state, node, key, index);
    }
    return;
  }
  state[at.fill + cell] = index;
  state[at.fetched + cell] = 0;
  state[at.fillCancelled + cell] = keep ? 0 : 1;
}

/** A line given below a foreign read that is in the log already is a shared one from the start. */
function shareIfAsked(
  context: MesiContext,
  state: Uint8Array,
  node: number,
  key: number,
  index: number,
): void {
  const { at, guards } = context;
  const appended = state[at.appended + node]!;
  for (let later = index + 1; guards.grantSeesReads && later <= appended; later++) {
    const entry = state[at.entries + later - 1]!;
    const isRead = kindOf(entry) === kinds.read && keyOf(entry) === key && !isDead(entry);
    if (isRead && argumentOf(entry) !== node) {
      moveLine(context, state, at.cell(node, key), 'other-read');
    }
  }
}

/** Nothing newer of the key in this node's log, applied or not. */
function mayKeep(
  context: MesiContext,
  state: Uint8Array,
  node: number,
  key: number,
  index: number,
): boolean {
  const appended = state[context.at.appended + node]!;
  return !context.guards.fillSeesLog || lastChangeIn(context, state, key, appended) <= index;
}

function clearLineFill(context: MesiContext, state: Uint8Array, cell: number): void {
  if (context.guards.appendCancelsFill) {
    clearFill(context, state, cell);
  }
}

/** The two halves of a fetch from memory, an eviction, and hits that tell somebody something new. */
export function lineSteps(
  context: MesiContext,
  state: Uint8Array,
  next: Uint8Array,
  emit: Emit,
): void {
  const { at, bounds } = context;
  for (let node = 0; node < nodeCount; node++) {
    for (let key = 0; key < bounds.keys; key++) {
      const cell = at.cell(node, key);
      const who = () => nodeName(node);
      if (state[at.fill + cell]! > 0 && state[at.fetched + cell] === 0) {
        next.set(state);
        next[at.fetched + cell] = state[at.memory + key]! + 1;
        emit(() => `${who()} fetches ${keyName(key)}: version ${state[at.memory + key]}`, next);
      }
      finishFill(context, state, node, key, next, emit);
      if (state[at.line + cell]! > 0) {
        next.set(state);
        moveLine(context, next, cell, 'evict');
        emit(() => `${who()} evicts ${keyName(key)}`, next);
      }
      const version = state[at.lineVersion + cell]!;
      if (isServable(context, state, node, key) && version > state[at.revealed + key]!) {
        next.set(state);
        reveal(context, next, key, version);
        emit(() => `${who()} answers a hit on ${keyName(key)} with version ${version}`, next);
      }
    }
  }
}

/** The value has come: it is answered as soon as that is allowed, and becomes a line if it may. */
function finishFill(
  context: MesiContext,
  state: Uint8Array,
  node: number,
  key: number,
  next: Uint8Array,
  emit: Emit,
): void {
  const { at, guards } = context;
  const cell = at.cell(node, key);
  if (state[at.fetched + cell] === 0) {
    return;
  }
  const version = state[at.fetched + cell]! - 1;
  const index = state[at.fill + cell]!;
  const asked = guards.answerWaitsUntilSettled ? index : 0;
  const revealed = guards.answerCoversVersionShown ? max(asked, version) : asked;
  if (revealed > state[at.settled]!) {
    return;
  }
  next.set(state);
  const keep = state[at.fillCancelled + cell] === 0;
  clearFill(context, next, cell);
  if (keep) {
    const directory = directoryAt(context, state, key, state[at.applied + node]!);
    const shared = lineStateOf(directory, node) === 'S';
    const event = shared ? 'own-read-shared' : 'own-read-alone';
    setLine(context, next, cell, { event, version, index });
    shareIfAsked(context, next, node, key, state[at.applied + node]!);
  }
  reveal(context, next, key, version);
  emit(() => {
    const kept = keep ? '' : ', and does not keep it';
    return `${nodeName(node)} answers ${keyName(key)} with version ${version}${kept}`;
  }, next);
}

/** A crash and a restart of a follower: no lines, no lease; what was applied is applied again. */
export function restarts(
  context: MesiContext,
  state: Uint8Array,
  next: Uint8Array,
  emit: Emit,
): void {
  const { at, bounds } = context;
  if (state[at.restarts]! >= bounds.restartsMax) {
    return;
  }
  for (let node = 0; node < nodeCount; node++) {
    if (node !== state[at.leader]) {
      next.set(state);
      next[at.restarts]! += 1;
      next[at.serving + node] = 0;
      next[at.applied + node] = entriesAtStart(bounds);
      for (let key = 0; key < bounds.keys; key++) {
        moveLine(context, next, at.cell(node, key), 'evict');
        clearFill(context, next, at.cell(node, key));
      }
      emit(() => `${nodeName(node)} restarts`, next);
    }
  }
}
