import { acceptsFlush } from '../flush-fence.ts';
import type { Emit } from './checker.ts';
import { appendEntry } from './mesi-bus-steps.ts';
import { flightCount, flightPhases, kinds, packEntry } from './mesi-layout.ts';
import { directoryAt, keyName, nodeName, type MesiContext } from './mesi-state.ts';

/** Bound once: a global is slow to look up where tests run, and these run millions of times. */
const { max } = Math;

/** Memory as Redis is: written by leaders, over a network that delays writes for any time. */
export function memorySteps(
  context: MesiContext,
  state: Uint8Array,
  next: Uint8Array,
  emit: Emit,
): void {
  const { at, bounds, guards } = context;
  if (!bounds.memory) {
    return;
  }
  // Node a led term 1; it may not know yet that it was replaced, and goes on flushing.
  startFlushes(context, state, { node: 0, term: 1 }, next, emit);
  const caughtUp = state[at.applied + state[at.leader]!]! >= state[at.electedWith]!;
  if (state[at.term] === 2 && (caughtUp || !guards.leaderAppliesBeforeFlushing)) {
    startFlushes(context, state, { node: state[at.leader]!, term: 2 }, next, emit);
  }
  for (let flight = 0; flight < flightCount; flight++) {
    land(context, state, flight, next, emit);
    reportFlush(context, state, flight, next, emit);
  }
}

function startFlushes(
  context: MesiContext,
  state: Uint8Array,
  leader: { readonly node: number; readonly term: number },
  next: Uint8Array,
  emit: Emit,
): void {
  const { at, bounds, guards } = context;
  const free = freeFlight(context, state);
  if (free < 0) {
    return;
  }
  for (let key = 0; key < bounds.keys; key++) {
    const known = directoryAt(context, state, key, state[at.applied + leader.node]!);
    if (known?.dirty !== true) {
      continue;
    }
    const settled = !guards.flushesSettledOnly || known.version <= state[at.settled]!;
    const busy = guards.oneFlushPerKey && isUnderWay(context, state, key, leader.term);
    if (settled && !busy && !isRepeated(context, state, key, leader.term, known.version)) {
      next.set(state);
      next[at.flightPhase + free] = flightPhases.underWay;
      next[at.flightKey + free] = key;
      next[at.flightTerm + free] = leader.term;
      next[at.flightVersion + free] = known.version;
      sortFlights(context, next);
      emit(() => {
        const what = known.present ? `version ${known.version}` : `the drop ${known.version}`;
        return `${nodeName(leader.node)} sends ${what} of ${keyName(key)} to memory, term ${leader.term}`;
      }, next);
    }
  }
}

/** A write to memory arrives, however late. */
function land(
  context: MesiContext,
  state: Uint8Array,
  flight: number,
  next: Uint8Array,
  emit: Emit,
): void {
  const { at, guards } = context;
  if (state[at.flightPhase + flight] !== flightPhases.underWay) {
    return;
  }
  const key = state[at.flightKey + flight]!;
  const term = state[at.flightTerm + flight]!;
  const version = state[at.flightVersion + flight]!;
  const fence = {
    attempt: 0,
    term: guards.flushFencedByTerm ? state[at.fenceTerm]! : 0,
    version: guards.flushFencedByVersion ? state[at.memory + key]! : 0,
  };
  const accepted = acceptsFlush(fence, { term, attempt: 0, version });
  next.set(state);
  if (accepted) {
    next[at.memory + key] = isDropAt(context, state, version) ? 0 : version;
    next[at.fenceTerm] = max(state[at.fenceTerm]!, term);
  }
  if (accepted && term === state[at.term]) {
    next[at.flightPhase + flight] = flightPhases.landed;
  } else {
    clearFlight(context, next, flight);
  }
  sortFlights(context, next);
  emit(() => {
    const outcome = accepted ? 'takes' : 'refuses';
    return `memory ${outcome} version ${version} of ${keyName(key)}, term ${term}`;
  }, next);
}

/** The leader learns that its write landed, and says so in the log; or it leads no more. */
function reportFlush(
  context: MesiContext,
  state: Uint8Array,
  flight: number,
  next: Uint8Array,
  emit: Emit,
): void {
  const { at, bounds } = context;
  if (state[at.flightPhase + flight] !== flightPhases.landed) {
    return;
  }
  const key = state[at.flightKey + flight]!;
  const version = state[at.flightVersion + flight]!;
  const leads = state[at.flightTerm + flight] === state[at.term];
  if (leads && state[at.length]! >= bounds.entriesMax) {
    return;
  }
  next.set(state);
  clearFlight(context, next, flight);
  sortFlights(context, next);
  if (leads) {
    appendEntry(context, next, packEntry(kinds.flush, key, version));
  }
  emit(() => {
    const what = leads ? 'is appended by the leader' : 'is forgotten with the old leader';
    return `${state[at.length]! + 1}: Flush ${keyName(key)} version ${version} ${what}`;
  }, next);
}

function isDropAt({ at }: MesiContext, state: Uint8Array, version: number): boolean {
  return (state[at.entries + version - 1]! & 7) === kinds.drop;
}

function freeFlight({ at }: MesiContext, state: Uint8Array): number {
  for (let flight = 0; flight < flightCount; flight++) {
    if (state[at.flightPhase + flight] === flightPhases.none) {
      return flight;
    }
  }
  return -1;
}

function isUnderWay({ at }: MesiContext, state: Uint8Array, key: number, term: number): boolean {
  for (let flight = 0; flight < flightCount; flight++) {
    const used = state[at.flightPhase + flight] !== flightPhases.none;
    const same = state[at.flightKey + flight] === key && state[at.flightTerm + flight] === term;
    if (used && same) {
      return true;
    }
  }
  return false;
}

/** The very same write, landed and about to be reported: sending it again says nothing new. */
function isRepeated(
  { at }: MesiContext,
  state: Uint8Array,
  key: number,
  term: number,
  version: number,
): boolean {
  for (let flight = 0; flight < flightCount; flight++) {
    if (
      state[at.flightPhase + flight] === flightPhases.landed &&
      state[at.flightKey + flight] === key &&
      state[at.flightTerm + flight] === term &&
      state[at.flightVersion + flight] === version
    ) {
      return true;
    }
  }
  return false;
}

function clearFlight({ at }: MesiContext, state: Uint8Array, flight: number): void {
  state[at.flightPhase + flight] = flightPhases.none;
  state[at.flightKey + flight] = 0;
  state[at.flightTerm + flight] = 0;
  state[at.flightVersion + flight] = 0;
}

/** Two writes under way are the same two in either place. */
function sortFlights({ at }: MesiContext, state: Uint8Array): void {
  const fields = [at.flightPhase, at.flightKey, at.flightTerm, at.flightVersion];
  for (const field of fields) {
    const difference = state[field]! - state[field + 1]!;
    if (difference < 0) {
      for (const swapped of fields) {
        const first = state[swapped]!;
        state[swapped] = state[swapped + 1]!;
        state[swapped + 1] = first;
      }
    }
    if (difference !== 0) {
      return;
    }
  }
}
