import { StateTable } from './state-table.ts';

/**
 * An explicit-state model checker: breadth first over every interleaving, exact (states are
 * compared whole, never by a hash alone), so that the first violation met has a shortest trace.
 *
 * A state is a fixed number of bytes. That is what makes millions of them fit, and what makes
 * "the same state" mean the same thing everywhere: a model keeps its states canonical by storing
 * nothing that cannot matter any more (an expired stamp, a message nobody will accept).
 */
export interface Model {
  readonly name: string;
  readonly stateBytes: number;
  initial(): Uint8Array;
  /** Calls `emit` with each step possible in `state`, as a label and the state it leads to. */
  successors(state: Uint8Array, emit: Emit): void;
  /** Says what is wrong with `state`, in a sentence; undefined when all invariants hold. */
  violation(state: Uint8Array): string | undefined;
}

/** The checker copies `next` before it returns: a model may reuse one buffer for all its steps. */
export type Emit = (label: () => string, next: Uint8Array) => void;

export interface Exploration {
  /** Distinct states reached. */
  readonly states: number;
  /** Steps taken between them. */
  readonly steps: number;
  /** The longest shortest path from the initial state. */
  readonly depth: number;
  /** False when `statesMax` ended the search: then nothing is proved about the rest. */
  readonly complete: boolean;
  readonly counterexample: Counterexample | undefined;
}

export interface Counterexample {
  readonly violation: string;
  /** The labels of a shortest path from the initial state to the violation. */
  readonly trace: readonly string[];
}

export interface ExploreOptions {
  /** A limit on everything: a model that grows by mistake must end, and say that it did not finish. */
  readonly statesMax?: number;
}

const defaultStatesMax = 5_000_000;

export function explore(model: Model, options: ExploreOptions = {}): Exploration {
  const statesMax = options.statesMax ?? defaultStatesMax;
  const table = new StateTable(model.stateBytes);
  const current = new Uint8Array(model.stateBytes);
  let steps = 0;
  let depth = 0;
  let layerEnd = 1;

  const initial = model.initial();
  table.add(initial, -1);
  const wrongAtOnce = model.violation(initial);
  if (wrongAtOnce !== undefined) {
    const counterexample = { violation: wrongAtOnce, trace: [] };
    return { states: 1, steps, depth, complete: false, counterexample };
  }

  let found: { readonly id: number; readonly violation: string } | undefined;
  let parent = 0;
  const emit: Emit = (_label, next) => {
    steps += 1;
    const id = table.add(next, parent);
    if (id >= 0 && found === undefined) {
      const violation = model.violation(next);
      if (violation !== undefined) {
        found = { id, violation };
      }
    }
  };

  for (; parent < table.size && found === undefined && table.size < statesMax; parent++) {
    if (parent === layerEnd) {
      depth += 1;
      layerEnd = table.size;
    }
    table.read(parent, current);
    model.successors(current, emit);
  }

  return {
    states: table.size,
    steps,
    depth,
    complete: found === undefined && parent === table.size,
    counterexample: found && { violation: found.violation, trace: traceTo(model, table, found.id) },
  };
}

/** Labels are not stored: each step on the path is taken again to learn what it was called. */
function traceTo(model: Model, table: StateTable, id: number): string[] {
  const path: number[] = [];
  for (let at = id; at >= 0; at = table.parentOf(at)) {
    path.push(at);
  }
  path.reverse();
  const from = new Uint8Array(model.stateBytes);
  const to = new Uint8Array(model.stateBytes);
  return path.slice(1).map((target, i) => {
    table.read(path[i]!, from);
    table.read(target, to);
    let name: string | undefined;
    model.successors(from, (label, next) => {
      if (name === undefined && sameBytes(next, to)) {
        name = label();
      }
    });
    return name ?? 'a step that cannot be taken again: the model is not a function of its state';
  });
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i]) {
      return false;
    }
  }
  return true;
}
