import {
  SnapshotParts,
  wholePart,
  type Applied,
  type AppliedAt,
  type Notice,
  type SnapshotSink,
  type StateMachine,
} from '@quorate/raft';
import type { LockCommand } from './commands.ts';
import type { Caller, LockEvent } from './events.ts';
import { settle } from './granting.ts';
import { leave, release, renewLeases } from './holdings.ts';
import type { FencingToken } from './ids.ts';
import { lockLimits, type LockLimits } from './limits.ts';
import type { SavedLife } from './node-lives.ts';
import { nextDeadline, takeNotice } from './notices.ts';
import { packed, unpacked } from './record-codec.ts';
import type { LockReply } from './replies.ts';
import { acquire, convert, repeatRequest } from './requests.ts';
import { deleteKey, reserveKey } from './reservations.ts';
import { LockState, type Step } from './state.ts';
import { askTicket, cancel } from './tickets.ts';
import {
  countTable,
  listLocks,
  outlookOf,
  verifyToken,
  viewLock,
  type LockView,
  type Outlook,
  type TableCounts,
  type Verdict,
} from './views.ts';
import { drawWaitGraph, type WaitGraph } from './wait-graph.ts';

/**
 * The replicated lock table: pure and deterministic, driven by the log alone. What it answers to the
 * proposer is the reply; what it means for others who wait is in the events. The app's DESIGN.md says
 * how it hangs together.
 */
export class LockTable implements StateMachine<LockCommand, LockReply, LockEvent> {
  readonly #state: LockState;
  readonly #parts: SnapshotParts;

  constructor(limits: Partial<LockLimits> = {}) {
    const state = new LockState({ ...lockLimits, ...limits });
    this.#state = state;
    // Holds name their tickets and waits look at holds, so tickets come back first.
    this.#parts = new SnapshotParts([
      wholePart({
        encode: () => packed([state.nextSerial, state.lives.save()]),
        decode: (bytes) => {
          const [nextSerial, lives] = unpacked(bytes) as [number, SavedLife[]];
          state.nextSerial = nextSerial;
          state.lives.load(lives);
        },
      }),
      state.tickets,
      state.holds,
      state.delays,
      state.waits,
      state.reserved,
      state.toReview,
    ]);
  }

  apply(command: LockCommand, at: AppliedAt): Applied<LockReply, LockEvent> {
    const step: Step = { at, events: [], freed: [] };
    const reply = dispatch(this.#state, step, command);
    settle(this.#state, step);
    return { reply, events: step.events };
  }

  repeat(command: LockCommand, first: LockReply, at: AppliedAt): Applied<LockReply, LockEvent> {
    const step: Step = { at, events: [], freed: [] };
    const reply = repeat(this.#state, step, { command, first });
    settle(this.#state, step);
    return { reply, events: step.events };
  }

  notice(notice: Notice, at: AppliedAt): readonly LockEvent[] {
    const step: Step = { at, events: [], freed: [] };
    takeNotice(this.#state, step, notice);
    settle(this.#state, step);
    return step.events;
  }

  nextDeadline(): number | undefined {
    return nextDeadline(this.#state);
  }

  snapshot(): IterableIterator<Uint8Array> {
    return this.#parts.snapshot();
  }

  restore(): SnapshotSink {
    this.#state.forget();
    return this.#parts.restore();
  }

  /** One key as it is on this node now; undefined when nobody holds it or waits for it. */
  view(key: string): LockView | undefined {
    return viewLock(this.#state, key);
  }

  /** In the order of the keys. */
  list(
    prefix: string,
    most: number,
  ): { readonly locks: readonly LockView[]; readonly more: boolean } {
    return listLocks(this.#state, prefix, most);
  }

  verify(key: string, token: FencingToken): Verdict {
    return verifyToken(this.#state, key, token);
  }

  waitGraph(edgesMax: number): WaitGraph {
    return drawWaitGraph(this.#state, edgesMax);
  }

  /** For a call that was parked when a snapshot replaced the state, and so heard no events. */
  outlook(request: {
    readonly client: string;
    readonly keys: readonly string[];
    readonly caller: Pick<Caller, 'node' | 'incarnation' | 'call'>;
  }): Outlook {
    return outlookOf(this.#state, request);
  }

  isReserved(key: string): boolean {
    return this.#state.reserved.has(key);
  }

  counts(): TableCounts {
    return countTable(this.#state);
  }
}

function dispatch(state: LockState, step: Step, command: LockCommand): LockReply {
  switch (command.kind) {
    case 'acquire':
      return acquire(state, step, command);
    case 'convert':
      return convert(state, step, command);
    case 'release':
      return release(state, step, command);
    case 'renew':
      return renewLeases(state, step, command);
    case 'ticket':
      return askTicket(state, step, command);
    case 'cancel':
      return cancel(state, step, command);
    case 'leave':
      return leave(state, step, command);
    case 'reserve-key':
      return reserveKey(state, command.key);
    case 'delete-key':
      return deleteKey(state, command.key);
  }
}

function repeat(
  state: LockState,
  step: Step,
  { command, first }: { readonly command: LockCommand; readonly first: LockReply },
): LockReply {
  // Nothing was done the first time, and the caller was told to come back.
  if (first.kind === 'overloaded') return dispatch(state, step, command);
  switch (command.kind) {
    case 'acquire':
    case 'convert':
      return repeatRequest(state, step, { command, first });
    case 'ticket':
      return askTicket(state, step, command);
    case 'release':
    case 'renew':
    case 'cancel':
    case 'leave':
    case 'reserve-key':
    case 'delete-key':
      return first;
  }
}
