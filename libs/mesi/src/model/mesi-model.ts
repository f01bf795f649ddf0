import type { Emit, Model } from './checker.ts';
import {
  advanceWatermarks,
  leaderChange,
  leaseChanges,
  proposals,
  replication,
} from './mesi-bus-steps.ts';
import { kinds, lineStates, MesiLayout, nodeCount, packEntry } from './mesi-layout.ts';
import { memorySteps } from './mesi-memory-steps.ts';
import { lineSteps, restarts } from './mesi-node-steps.ts';
import {
  allMesiGuards,
  defaultMesiBounds,
  type MesiBounds,
  type MesiGuards,
} from './mesi-rules.ts';
import {
  directoryAt,
  entriesAtStart,
  isHolder,
  isServable,
  keyName,
  nodeName,
  type MesiContext,
} from './mesi-state.ts';

/**
 * The line protocol of three nodes over a log, with memory behind it. What it abstracts, and what
 * it proves, stands in DESIGN.md.
 */
export class MesiModel implements Model {
  readonly name: string;
  readonly stateBytes: number;
  readonly #context: MesiContext;
  readonly #next: Uint8Array;

  constructor(bounds: Partial<MesiBounds> = {}, guards: Partial<MesiGuards> = {}) {
    const allBounds = { ...defaultMesiBounds, ...bounds };
    const at = new MesiLayout(allBounds.keys, allBounds.entriesMax);
    this.#context = {
      at,
      bounds: allBounds,
      guards: { ...allMesiGuards, ...guards },
      folded: new Map(),
    };
    this.stateBytes = at.bytes;
    this.#next = new Uint8Array(at.bytes);
    this.name = `MESI: ${allBounds.keys} keys, ${allBounds.entriesMax} entries`;
  }

  /** Node a leads and has written every key; everybody has applied that. */
  initial(): Uint8Array {
    const { at, bounds } = this.#context;
    const state = new Uint8Array(this.stateBytes);
    const { keys, cleanAtStart } = bounds;
    const length = entriesAtStart(bounds);
    for (const field of [at.length, at.committed, at.settled, at.electedWith]) {
      state[field] = length;
    }
    state[at.term] = 1;
    state[at.fenceTerm] = 1;
    for (let node = 0; node < nodeCount; node++) {
      state[at.appended + node] = length;
      state[at.applied + node] = length;
      state[at.serving + node] = isHolder(bounds, node) ? 1 : 0;
    }
    for (let key = 0; key < keys; key++) {
      const version = key + 1;
      state[at.entries + key] = packEntry(kinds.write, key, 0);
      state[at.revealed + key] = version;
      if (cleanAtStart) {
        state[at.entries + keys + key] = packEntry(kinds.flush, key, version);
        state[at.memory + key] = version;
      }
      if (isHolder(bounds, 0)) {
        const cell = at.cell(0, key);
        state[at.line + cell] = lineStates.indexOf(cleanAtStart ? 'E' : 'M');
        state[at.lineVersion + cell] = version;
        state[at.grantedAt + cell] = version;
      }
    }
    return state;
  }

  successors(state: Uint8Array, emit: Emit): void {
    const context = this.#context;
    const next = this.#next;
    const settle: Emit = (label, reached) => {
      advanceWatermarks(context, reached);
      emit(label, reached);
    };
    proposals(context, state, next, settle);
    replication(context, state, next, settle);
    leaseChanges(context, state, next, settle);
    lineSteps(context, state, next, emit);
    memorySteps(context, state, next, settle);
    leaderChange(context, state, next, settle);
    restarts(context, state, next, settle);
  }

  violation(state: Uint8Array): string | undefined {
    for (let key = 0; key < this.#context.bounds.keys; key++) {
      const wrong = this.#wrongLine(state, key) ?? this.#wrongMemory(state, key);
      if (wrong !== undefined) {
        return wrong;
      }
    }
    return undefined;
  }

  /** A hit shows the newest version revealed; one writer alone, or any number of readers. */
  #wrongLine(state: Uint8Array, key: number): string | undefined {
    const { at } = this.#context;
    let servable = 0;
    let exclusive = -1;
    for (let node = 0; node < nodeCount; node++) {
      if (!isServable(this.#context, state, node, key)) {
        continue;
      }
      const cell = at.cell(node, key);
      const version = state[at.lineVersion + cell]!;
      if (version < state[at.revealed + key]!) {
        return `${nodeName(node)} serves version ${version} of ${keyName(key)} after ${state[at.revealed + key]} was answered`;
      }
      servable += 1;
      if (state[at.line + cell]! >= lineStates.indexOf('E')) {
        exclusive = node;
      }
    }
    if (exclusive >= 0 && servable > 1) {
      return `${nodeName(exclusive)} has ${keyName(key)} for itself, and another serves it too`;
    }
    return undefined;
  }

  /** What the directory calls clean, memory has: exactly that version, or nothing. */
  #wrongMemory(state: Uint8Array, key: number): string | undefined {
    const { at, bounds } = this.#context;
    if (!bounds.memory) {
      return undefined;
    }
    const entry = directoryAt(this.#context, state, key, state[at.committed]!);
    const memory = state[at.memory + key]!;
    if (entry?.dirty === true || memory === (entry?.version ?? 0)) {
      return undefined;
    }
    const should = entry === undefined ? 'is gone' : `is clean at version ${entry.version}`;
    return `${keyName(key)} ${should}, and memory has version ${memory}`;
  }
}
