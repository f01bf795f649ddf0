import type { Core } from '../core/core.ts';
import type { LogIndex, Term } from '../core/ids.ts';
import { encodeEnvelope, encodeGone, type EnvelopeKind } from './envelope.ts';
import type { Environment } from './environment.ts';
import type { ReplicaLimits } from './options.ts';
import type { Sessions } from './sessions.ts';
import type { Origin } from './state-machine.ts';

export interface UpkeepContext {
  readonly core: Core;
  readonly environment: Environment;
  readonly own: Origin;
  readonly origin: Uint8Array;
  readonly limits: ReplicaLimits;
  readonly sessions: Sessions;
  /** The next moment of cluster time at which a clock entry would change something. */
  readonly nextDeadline: () => number | undefined;
}

const announceRetryMs = 1_000;
const lookForSilentMs = 500;
const empty = new Uint8Array(0);

/**
 * The entries that nobody asks for. The leader says when time has come (`clock`) and which node it
 * gave up (`node-gone`); every node says that it begins a new life (`node-started`), until it sees
 * that applied. All of them are true however often they are said, so they need no session.
 */
export class Upkeep {
  readonly #context: UpkeepContext;
  /** The last clock entry: until it is applied, or its term is over, no other is proposed. */
  #clock: { readonly index: LogIndex; readonly term: Term } | undefined;
  #announcedMs = -Infinity;
  #lookedMs = -Infinity;
  #officeSinceMs = 0;

  constructor(context: UpkeepContext) {
    this.#context = context;
  }

  officeChanged(nowMs: number): void {
    this.#officeSinceMs = nowMs;
    this.#announcedMs = -Infinity;
  }

  tick(nowMs: number, applied: LogIndex): void {
    if (this.#context.core.office.role === 'leader') {
      this.tickClock(nowMs, applied);
      this.#lookForSilent(nowMs);
    }
    this.#announce(nowMs);
  }

  /** What one clock entry left over is still due: called after each slice too. */
  tickClock(nowMs: number, applied: LogIndex): void {
    const { core, nextDeadline } = this.#context;
    if (core.office.role !== 'leader') return;
    if (this.#clock !== undefined) {
      if (this.#clock.term === core.office.term && this.#clock.index > applied) return;
      this.#clock = undefined;
    }
    const dueMs = nextDeadline();
    if (dueMs === undefined || core.clockMs(nowMs) < dueMs) return;
    const result = core.propose([this.#notice('clock', empty)], nowMs);
    if (result.kind === 'appended') this.#clock = { index: result.firstIndex, term: result.term };
  }

  #lookForSilent(nowMs: number): void {
    if (nowMs - this.#lookedMs < lookForSilentMs) return;
    this.#lookedMs = nowMs;
    const { core, limits, own, sessions } = this.#context;
    for (const { id, lastHeardMs } of core.progress(nowMs)) {
      if (id === own.node) continue;
      const heardMs = Math.max(lastHeardMs ?? -Infinity, this.#officeSinceMs);
      const session = sessions.get(id);
      if (nowMs - heardMs < limits.nodeGoneAfterMs || session === undefined || session.gone)
        continue;
      core.propose([this.#notice('node-gone', encodeGone(id, session.incarnation))], nowMs);
    }
  }

  #announce(nowMs: number): void {
    const { core, environment, own, sessions } = this.#context;
    const { role, leader } = core.office;
    const session = sessions.get(own.node);
    if (session?.incarnation === own.incarnation && !session.gone) return;
    if (leader === undefined || nowMs - this.#announcedMs < announceRetryMs) return;
    this.#announcedMs = nowMs;
    const notice = this.#notice('node-started', empty);
    if (role === 'leader') core.propose([notice], nowMs);
    // Nobody keeps a forward by the number 0, so its answer is not waited for.
    else environment.send(leader, { kind: 'forward', id: 0, payloads: [notice.payload] });
  }

  #notice(kind: EnvelopeKind, body: Uint8Array): { kind: 'command'; payload: Uint8Array } {
    const nowhere = { sequence: 0, floor: 0 };
    return {
      kind: 'command',
      payload: encodeEnvelope(kind, this.#context.origin, nowhere, { body }),
    };
  }
}
