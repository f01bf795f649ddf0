import type { Emit, Model } from './checker.ts';
import { LeaseLayout, roles } from './lease-layout.ts';
import { deliverAnswer, leaderSteps, nodeName } from './lease-leader-steps.ts';
import { candidateSteps, deliverRequest, hit, restart, tick } from './lease-node-steps.ts';
import {
  allLeaseGuards,
  defaultLeaseBounds,
  type LeaseBounds,
  type LeaseGuards,
} from './lease-rules.ts';
import { hitOn, isVoter, type LeaseContext } from './lease-state.ts';

/**
 * The local-read lease and the settled index over an abstract Raft log with one key. What it
 * abstracts, and what it proves, stands in DESIGN.md.
 */
export class LeaseModel implements Model {
  readonly name: string;
  readonly stateBytes: number;
  readonly #context: LeaseContext;
  readonly #next: Uint8Array;

  constructor(bounds: Partial<LeaseBounds> = {}, guards: Partial<LeaseGuards> = {}) {
    const allBounds = { ...defaultLeaseBounds, ...bounds };
    const nodes = allBounds.voters + allBounds.learners;
    const at = new LeaseLayout(nodes);
    this.#context = {
      at,
      bounds: allBounds,
      guards: { ...allLeaseGuards, ...guards },
      nodes,
      majority: Math.floor(allBounds.voters / 2) + 1,
    };
    this.stateBytes = at.bytes;
    this.#next = new Uint8Array(at.bytes);
    this.name = `lease: ${allBounds.voters} voters, ${allBounds.learners} learners`;
  }

  /** Node a leads term 1; everybody holds its log, and nobody has a lease. */
  initial(): Uint8Array {
    const { at, nodes } = this.#context;
    const state = new Uint8Array(this.stateBytes);
    state.fill(1, at.term, at.term + nodes);
    state.fill(1, at.vote, at.vote + nodes);
    state[at.role] = roles.leader;
    return state;
  }

  successors(state: Uint8Array, emit: Emit): void {
    const context = this.#context;
    const { at, nodes } = context;
    const next = this.#next;
    for (let node = 0; node < nodes; node++) {
      if (state[at.role + node] === roles.leader) {
        leaderSteps(context, state, node, next, emit);
      } else if (isVoter(context, node)) {
        candidateSteps(context, state, node, next, emit);
      }
      for (let other = 0; other < nodes; other++) {
        if (other !== node) {
          deliverRequest(context, state, node, other, next, emit);
          deliverAnswer(context, state, node, other, next, emit);
        }
      }
      hit(context, state, node, next, emit);
      restart(context, state, node, next, emit);
    }
    tick(context, state, next, emit);
  }

  violation(state: Uint8Array): string | undefined {
    const { at, nodes } = this.#context;
    const revealed = state[at.revealed]!;
    for (let node = 0; node < nodes; node++) {
      const version = hitOn(this.#context, state, node);
      if (version >= 0 && version < revealed) {
        return `${nodeName(node)} serves w${version} after w${revealed} was answered`;
      }
    }
    return undefined;
  }
}
