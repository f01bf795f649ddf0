import type { Emit } from './checker.ts';
import { deadBit, kinds, nodeCount, packEntry } from './mesi-layout.ts';
import { applyEntry, snoopEntry } from './mesi-node-steps.ts';
import {
  directoryAt,
  isHolder,
  keyName,
  lastChangeIn,
  majorityAppended,
  nextLive,
  nodeName,
  reveal,
  type MesiContext,
} from './mesi-state.ts';

/** Bound once: a global is slow to look up where tests run, and these run millions of times. */
const { max, min } = Math;

/** The leader appends an entry to its own log, and snoops it at once like anybody else. */
export function appendEntry(context: MesiContext, state: Uint8Array, entry: number): void {
  const { at } = context;
  const leader = state[at.leader]!;
  state[at.length]! += 1;
  state[at.entries + state[at.length]! - 1] = entry;
  state[at.appended + leader] = state[at.length]!;
  snoopEntry(context, state, leader, entry);
}

/** Reads, writes and drops that any node may ask for. */
export function proposals(
  context: MesiContext,
  state: Uint8Array,
  next: Uint8Array,
  emit: Emit,
): void {
  const { at, bounds } = context;
  if (state[at.length]! >= bounds.entriesMax) {
    return;
  }
  for (let key = 0; key < bounds.keys; key++) {
    for (let node = 0; node < nodeCount; node++) {
      propose(context, state, { kind: kinds.write, key, node }, next, emit);
      if (isHolder(bounds, node) && isMiss(context, state, node, key)) {
        propose(context, state, { kind: kinds.read, key, node }, next, emit);
      }
    }
    const known = directoryAt(context, state, key, state[at.length]!);
    if (bounds.drops && known?.present === true) {
      propose(context, state, { kind: kinds.drop, key, node: 0 }, next, emit);
    }
  }
}

function propose(
  context: MesiContext,
  state: Uint8Array,
  entry: { readonly kind: number; readonly key: number; readonly node: number },
  next: Uint8Array,
  emit: Emit,
): void {
  const { kind, key, node } = entry;
  next.set(state);
  appendEntry(context, next, packEntry(kind, key, node));
  emit(() => {
    const index = state[context.at.length]! + 1;
    const what = kind === kinds.write ? 'BusRdX' : kind === kinds.read ? 'BusRd' : 'Drop';
    const by = kind === kinds.drop ? '' : ` by ${nodeName(node)}`;
    return `${index}: ${what} ${keyName(key)}${by} is appended by the leader`;
  }, next);
}

/** No line, no value on its way, and no read of its own in the log: concurrent misses are one. */
function isMiss({ at }: MesiContext, state: Uint8Array, node: number, key: number): boolean {
  const cell = at.cell(node, key);
  if (state[at.line + cell] !== 0 || state[at.fill + cell] !== 0) {
    return false;
  }
  const own = packEntry(kinds.read, key, node);
  for (let index = state[at.applied + node]! + 1; index <= state[at.length]!; index++) {
    if (state[at.entries + index - 1] === own) {
      return false;
    }
  }
  return true;
}

/** A follower gets the next entry; or, if it is behind, a snapshot of what is committed. */
export function replication(
  context: MesiContext,
  state: Uint8Array,
  next: Uint8Array,
  emit: Emit,
): void {
  const { at, bounds } = context;
  for (let node = 0; node < nodeCount; node++) {
    const index = nextLive(context, state, state[at.appended + node]!);
    if (index > 0) {
      next.set(state);
      next[at.appended + node] = index;
      snoopEntry(context, next, node, state[at.entries + index - 1]!);
      emit(() => `${nodeName(node)} appends ${index}`, next);
    }
    const behind = state[at.appended + node]! < state[at.committed]!;
    if (bounds.snapshots && behind) {
      next.set(state);
      installSnapshot(context, next, node);
      emit(() => `${nodeName(node)} installs a snapshot up to ${state[at.committed]}`, next);
    }
    const toApply = nextLive(context, state, state[at.applied + node]!);
    const appliable = min(state[at.committed]!, state[at.appended + node]!);
    if (isHolder(bounds, node) && toApply > 0 && toApply <= appliable) {
      next.set(state);
      applyEntry(context, next, node, toApply);
      emit(() => `${nodeName(node)} applies ${toApply}`, next);
    }
  }
}

function installSnapshot(context: MesiContext, state: Uint8Array, node: number): void {
  const { at, bounds, guards } = context;
  state[at.appended + node] = state[at.committed]!;
  state[at.applied + node] = state[at.committed]!;
  for (let key = 0; key < bounds.keys; key++) {
    const cell = at.cell(node, key);
    if (guards.snapshotDropsLines) {
      state[at.line + cell] = 0;
      state[at.lineVersion + cell] = 0;
      state[at.grantedAt + cell] = 0;
    }
    if (guards.snapshotCancelsFills && state[at.fill + cell]! > 0) {
      state[at.fillCancelled + cell] = 1;
    }
  }
}

/**
 * Commitment and settlement, at the first moment the rules allow: an earlier settlement only lets
 * more be answered, so that a later one can show nothing new.
 */
export function advanceWatermarks(context: MesiContext, state: Uint8Array): void {
  const { at, bounds, guards } = context;
  const committed = max(state[at.committed]!, majorityAppended(context, state));
  let settled = committed;
  for (let node = 0; node < nodeCount; node++) {
    if (state[at.serving + node] === 1) {
      settled = min(settled, state[at.appended + node]!);
    }
  }
  state[at.committed] = committed;
  state[at.settled] = max(state[at.settled]!, settled);
  for (let node = 0; node < nodeCount; node++) {
    // Who keeps no lines applies at once: nothing that the models look at depends on when.
    if (!isHolder(bounds, node)) {
      state[at.applied + node] = min(state[at.committed]!, state[at.appended + node]!);
    }
  }
  const answered = guards.answerWaitsUntilSettled ? state[at.settled]! : committed;
  for (let key = 0; key < bounds.keys; key++) {
    reveal(context, state, key, lastChangeIn(context, state, key, answered));
  }
}

/** Leases come and go at any time, within what the other model proves of them. */
export function leaseChanges(
  context: MesiContext,
  state: Uint8Array,
  next: Uint8Array,
  emit: Emit,
): void {
  const { at, bounds, guards } = context;
  for (let node = 0; node < nodeCount; node++) {
    const serving = state[at.serving + node] === 1;
    const mayServe =
      !guards.leaseImpliesSettledLog || state[at.appended + node]! >= state[at.settled]!;
    if (isHolder(bounds, node) && (serving || mayServe)) {
      next.set(state);
      next[at.serving + node] = serving ? 0 : 1;
      emit(() => `${nodeName(node)} ${serving ? 'loses' : 'gets'} its lease`, next);
    }
  }
}

/** A new leader, with everything that is committed; what it does not have is cut off everywhere. */
export function leaderChange(
  context: MesiContext,
  state: Uint8Array,
  next: Uint8Array,
  emit: Emit,
): void {
  const { at, bounds } = context;
  if (state[at.term]! >= bounds.termsMax) {
    return;
  }
  for (let node = 0; node < nodeCount; node++) {
    const complete = state[at.appended + node]! >= state[at.committed]!;
    if (node !== state[at.leader] && complete) {
      next.set(state);
      next[at.term]! += 1;
      next[at.leader] = node;
      next[at.electedWith] = state[at.appended + node]!;
      for (let index = state[at.appended + node]! + 1; index <= state[at.length]!; index++) {
        next[at.entries + index - 1]! |= deadBit;
      }
      emit(() => `${nodeName(node)} becomes leader of term ${next[at.term]}`, next);
    }
  }
}
