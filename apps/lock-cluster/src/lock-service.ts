import { performance } from 'node:perf_hooks';
import type { AppliedAt, Group, Origin, ProposeOptions } from '@quorate/raft';
import {
  noLeader,
  Parking,
  replyOrProblem,
  type Context,
  type Problem,
} from '@quorate/service-kit';
import type {
  Caller,
  CycleStep,
  HeldKey,
  LockCommand,
  LockEvent,
  LockReply,
  LockTable,
  WaitId,
} from './state-machine/index.ts';

export type LockGroup = Group<LockCommand, LockReply, LockEvent>;

/** How a parked call ended. */
export type CallEnd =
  | { readonly kind: 'granted'; readonly client: string; readonly holds: readonly HeldKey[] }
  /** With a ticket the wait goes on at `position`. */
  | { readonly kind: 'timed-out'; readonly ticket: WaitId; readonly position: number | undefined }
  /** The node has to give up, and cannot tell what became of it. */
  | { readonly kind: 'lost' }
  | { readonly kind: 'hold-lost'; readonly keys: readonly string[] }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'deadlocked'; readonly cycle: readonly CycleStep[] };

/** What a call was about, should its caller leave. */
export interface Call {
  readonly number: number;
  /** Left out for a ticket: it lapses by itself when nobody asks for it. */
  readonly about: { readonly client: string; readonly keys: readonly string[] } | undefined;
}

const ownWorkMs = 10_000;
/** The log ends a wait; the caller's connection is given this much longer before it is given up. */
const graceMs = 5_000;

/** The lock table as this node's routes see it: propose, wait, read. */
export class LockService {
  readonly group: LockGroup;
  readonly table: LockTable;
  readonly #life: Origin;
  readonly #parking: Parking<CallEnd>;
  readonly #calls = new Map<number, Call>();
  #lastCall = 0;

  constructor(group: LockGroup, table: LockTable, life: Origin) {
    this.group = group;
    this.table = table;
    this.#life = life;
    // What comes for a caller who has left is taken back by the `leave` that its leaving proposed.
    this.#parking = new Parking(() => undefined);
    group.onEvents((events, at) => {
      for (const event of events) this.#hear(event, at);
    });
    group.onRestored(() => this.#lookAgain());
  }

  /** The cluster clock: what `expires_in_ms` is measured by. */
  get clockMs(): number {
    return this.group.clockMs();
  }

  async ask(command: LockCommand, options: ProposeOptions): Promise<LockReply | Problem> {
    return replyOrProblem(await this.group.propose(command, options));
  }

  /**
   * A request that may wait. It registers before it proposes, because the event that ends its wait may
   * be applied before the proposal's promise is settled. If its caller leaves or its outcome stays
   * unknown, the log is told, so that no grant goes to nobody.
   */
  async askAndWait(
    { about, waitMs }: { readonly about: Call['about']; readonly waitMs: number },
    command: (call: number) => LockCommand,
    { context, options }: { readonly context: Context; readonly options: ProposeOptions },
  ): Promise<LockReply | CallEnd | Problem> {
    this.#lastCall += 1;
    const call: Call = { number: this.#lastCall, about };
    const overfull = waitMs > 0 ? context.park(waitMs + graceMs) : undefined;
    if (overfull !== undefined) return overfull;
    const place = this.#parking.takePlace();
    this.#calls.set(call.number, call);
    try {
      const outcome = await this.group.propose(command(call.number), options);
      if (outcome.kind === 'unknown') this.#leave(call);
      const reply = replyOrProblem(outcome);
      if (reply.kind !== 'waiting') return reply;
      const woken = await place.wait(String(call.number), context.signal);
      if (woken.kind === 'woken') {
        if (woken.result.kind === 'granted' && context.signal.aborted) this.#leave(call);
        return woken.result;
      }
      this.#leave(call);
      return { kind: 'lost' };
    } finally {
      place.close();
      this.#calls.delete(call.number);
    }
  }

  async read<T>(
    consistency: 'linearizable' | 'stale' | undefined,
    deadlineMs: number,
    look: (table: LockTable) => T,
  ): Promise<T | Problem> {
    if (consistency !== 'stale') {
      const barrier = await this.group.readBarrier(deadlineMs);
      if (barrier.kind === 'refused') return noLeader();
    }
    return look(this.table);
  }

  #leave({ about, number }: Call): void {
    if (about === undefined) return;
    const deadlineMs = performance.now() + ownWorkMs;
    void this.group.propose({ kind: 'leave', ...about, call: number }, { deadlineMs });
  }

  #hear(event: LockEvent, _at: AppliedAt): void {
    switch (event.kind) {
      case 'granted':
        this.#wake(event.callers, { kind: 'granted', client: event.client, holds: event.holds });
        return;
      case 'timed-out':
        this.#wake(event.callers, {
          kind: 'timed-out',
          ticket: event.wait,
          position: event.position,
        });
        return;
      case 'hold-lost':
        this.#wake(event.callers, { kind: 'hold-lost', keys: event.keys });
        return;
      case 'cancelled':
        this.#wake(event.callers, { kind: 'cancelled' });
        return;
      case 'deadlocked':
        this.#wake(event.callers, { kind: 'deadlocked', cycle: event.cycle });
        return;
      case 'suspended':
      case 'ticket-lapsed':
      case 'expired':
        return;
    }
  }

  #wake(callers: readonly Caller[], end: CallEnd): void {
    const { node, incarnation } = this.#life;
    for (const caller of callers) {
      if (caller.node !== node || caller.incarnation !== incarnation) continue;
      this.#parking.wake(String(caller.call), end);
    }
  }

  /** A snapshot brings no events: every parked call looks up what became of it. */
  #lookAgain(): void {
    for (const key of this.#parking.keys()) {
      const call = this.#calls.get(Number(key));
      if (call === undefined) continue;
      const { about, number } = call;
      const outlook =
        about && this.table.outlook({ ...about, caller: { ...this.#life, call: number } });
      if (outlook?.kind === 'waiting') continue;
      if (about !== undefined && outlook?.kind === 'granted') {
        const { client } = about;
        this.#parking.wake(key, { kind: 'granted', client, holds: outlook.holds });
      } else {
        this.#parking.wake(key, { kind: 'lost' });
      }
    }
  }
}
