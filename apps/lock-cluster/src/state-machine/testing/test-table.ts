import { logIndex, nodeId, type AppliedAt, type Notice } from '@quorate/raft';
import { commandCodec } from '../command-codec.ts';
import type { AcquireCommand, LockCommand } from '../commands.ts';
import type { LockEvent } from '../events.ts';
import type { LockLimits } from '../limits.ts';
import { LockTable } from '../lock-table.ts';
import type { Mode } from '../modes.ts';
import type { LockReply } from '../replies.ts';
import { replyCodec } from '../reply-codec.ts';

type Asked = Partial<Omit<AcquireCommand, 'kind' | 'client' | 'keys'>>;

/**
 * A lock table with a log in front of it: gives each command its index, time and origin, passes all
 * through the codecs, and keeps what was said.
 */
export class TestTable {
  readonly limits: Partial<LockLimits>;
  table: LockTable;
  index = 100;
  nowMs = 1_000;
  node = 'n1';
  incarnation = 1;
  call = 0;
  events: LockEvent[] = [];

  constructor(limits: Partial<LockLimits> = {}) {
    this.limits = limits;
    this.table = new LockTable(limits);
  }

  at(): AppliedAt {
    return {
      index: logIndex(this.index),
      atMs: this.nowMs,
      origin: { node: nodeId(this.node), incarnation: this.incarnation },
    };
  }

  apply(command: LockCommand): LockReply {
    this.index += 1;
    const { reply, events } = this.table.apply(roundTrip(command), this.at());
    this.events = [...events];
    return replyCodec.decode(replyCodec.encode(reply));
  }

  repeat(command: LockCommand, first: LockReply): LockReply {
    this.index += 1;
    const { reply, events } = this.table.repeat(roundTrip(command), first, this.at());
    this.events = [...events];
    return reply;
  }

  notice(notice: Notice): readonly LockEvent[] {
    this.index += 1;
    this.events = [...this.table.notice(notice, this.at())];
    return this.events;
  }

  /** As the leader does: a clock entry at each deadline, until time has come to `untilMs`. */
  passTo(untilMs: number): readonly LockEvent[] {
    const all: LockEvent[] = [];
    for (;;) {
      const dueMs = this.table.nextDeadline();
      if (dueMs === undefined || dueMs > untilMs) break;
      this.nowMs = Math.max(this.nowMs, dueMs);
      all.push(...this.notice({ kind: 'clock' }));
    }
    this.nowMs = untilMs;
    this.events = all;
    return all;
  }

  pass(ms: number): readonly LockEvent[] {
    return this.passTo(this.nowMs + ms);
  }

  acquire(client: string, keys: string | Record<string, Mode>, asked: Asked = {}): LockReply {
    return this.apply(this.acquireCommand(client, keys, asked));
  }

  acquireCommand(
    client: string,
    keys: string | Record<string, Mode>,
    asked: Asked = {},
  ): AcquireCommand {
    this.call += 1;
    return {
      kind: 'acquire',
      client,
      keys:
        typeof keys === 'string'
          ? [{ key: keys, mode: 'X' }]
          : Object.entries(keys).map(([key, mode]) => ({ key, mode })),
      ttlMs: 30_000,
      waitMs: 0,
      queue: false,
      call: this.call,
      ...asked,
    };
  }

  /** Acquire, and wait up to 20 s. */
  wait(client: string, keys: string | Record<string, Mode>, asked: Asked = {}): LockReply {
    return this.acquire(client, keys, { waitMs: 20_000, ...asked });
  }

  convert(client: string, key: string, mode: Mode, waitMs = 0): LockReply {
    this.call += 1;
    return this.apply({ kind: 'convert', client, keys: [key], mode, waitMs, call: this.call });
  }

  release(client: string, ...keys: string[]): LockReply {
    return this.apply({ kind: 'release', client, keys });
  }

  leave(client: string, key: string, call: number): LockReply {
    return this.apply({ kind: 'leave', client, keys: [key], call });
  }

  /** Who was granted by the last entry, in the order of the events. */
  granted(): readonly string[] {
    return this.events.flatMap((event) => (event.kind === 'granted' ? [event.client] : []));
  }

  holders(key: string): Record<string, Mode> {
    const holders = this.table.view(key)?.holders ?? [];
    return Object.fromEntries(holders.map(({ client, mode }) => [client, mode]));
  }

  waiters(key: string): readonly string[] {
    const waiters = this.table.view(key)?.waiters ?? [];
    return waiters.filter(({ suspended }) => !suspended).map(({ client }) => client);
  }

  /** Goes on with what a snapshot brings to another node. */
  moveToSnapshot(): void {
    this.table = restored(this.table.snapshot(), this.limits);
  }
}

export function restored(
  pieces: Iterable<Uint8Array>,
  limits: Partial<LockLimits> = {},
): LockTable {
  const table = new LockTable(limits);
  const sink = table.restore();
  for (const piece of pieces) {
    // A store lends its buffers and uses them again.
    const lent = Uint8Array.from(piece);
    sink.write(lent);
    lent.fill(0);
  }
  sink.end();
  return table;
}

/** All there is, in a form that two tables can be compared by. */
export function dump(table: LockTable): readonly string[] {
  return Array.from(table.snapshot(), (piece) => Buffer.from(piece).toString('hex'));
}

const roundTrip = (command: LockCommand): LockCommand =>
  commandCodec.decode(commandCodec.encode(command));
