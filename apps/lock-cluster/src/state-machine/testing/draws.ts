import fc from 'fast-check';
import type { LockCommand } from '../commands.ts';
import { fencingToken, waitId } from '../ids.ts';
import { modes, type Mode } from '../modes.ts';
import type { LockReply } from '../replies.ts';

export const clients = ['ann', 'bob', 'cyd', 'dan'];
export const keys = ['k1', 'k2'];

const client = fc.constantFrom(...clients);
const key = fc.constantFrom(...keys);
// Few clients, keys and modes, long leases and long waits: so they meet.
const mode = fc.constantFrom<Mode>(...modes, 'X', 'X', 'S', 'S');
const wanted = fc.uniqueArray(fc.record({ key, mode }), {
  selector: (one) => one.key,
  minLength: 1,
  maxLength: 2,
});
const someKeys = fc.uniqueArray(key, { minLength: 1, maxLength: 2 });
const waitMs = fc.constantFrom(0, 3_000, 30_000, 60_000);
/** Which of the waits and grants so far is meant. */
const nth = fc.nat({ max: 30 });

export type Draw =
  | {
      do: 'acquire';
      client: string;
      keys: { key: string; mode: Mode }[];
      ttlMs: number;
      waitMs: number;
      queue: boolean;
      lockDelayMs: number | undefined;
    }
  | { do: 'convert'; client: string; key: string; mode: Mode; waitMs: number }
  | { do: 'release'; client: string; keys: string[]; wrongToken: boolean }
  | { do: 'renew'; client: string; keys: string[] | undefined; ttlMs: number | undefined }
  | { do: 'ticket'; nth: number; waitMs: number }
  | { do: 'cancel'; nth: number; byTicket: boolean }
  | { do: 'leave'; nth: number }
  | { do: 'repeat'; nth: number }
  | { do: 'pass'; ms: number }
  | { do: 'node'; what: 'node-gone' | 'node-started'; node: string }
  | { do: 'move'; node: string }
  | { do: 'snapshot' };

const ttlMs = fc.constantFrom(3_000, 40_000, 90_000);
const acquire = fc.record({
  do: fc.constant('acquire' as const),
  client,
  keys: wanted,
  ttlMs,
  waitMs,
  queue: fc.boolean(),
  lockDelayMs: fc.constantFrom(undefined, undefined, 0, 1_500),
});
export const plainDraw: fc.Arbitrary<Draw> = fc.oneof(
  { weight: 20, arbitrary: acquire },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('convert' as const), client, key, mode, waitMs }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('release' as const),
      client,
      keys: someKeys,
      wrongToken: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('renew' as const),
      client,
      keys: fc.option(someKeys, { nil: undefined }),
      ttlMs: fc.option(ttlMs, { nil: undefined }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('ticket' as const), nth, waitMs }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('cancel' as const), nth, byTicket: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('leave' as const), nth }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('repeat' as const), nth }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      ms: fc.integer({ min: 1, max: 4_000 }),
    }),
  },
);
export const anyDraw: fc.Arbitrary<Draw> = fc.oneof(
  { weight: 10, arbitrary: plainDraw },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('node' as const),
      what: fc.constantFrom('node-gone' as const, 'node-started' as const),
      node: fc.constantFrom('n1', 'n2'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('move' as const), node: fc.constantFrom('n1', 'n2') }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('snapshot' as const) }) },
);

/** What was asked so far, for draws that mean one of these. */
export interface Asked {
  readonly command: Extract<LockCommand, { kind: 'acquire' | 'convert' }>;
  readonly first: LockReply;
  readonly wait: number;
}

/** Turns draws into commands; what a draw means depends on what came before it. */
export class Script {
  readonly asked: Asked[] = [];
  #call = 0;

  commandOf(
    draw: Draw,
    tokenOf: (client: string, key: string) => number | undefined,
  ): LockCommand | undefined {
    switch (draw.do) {
      case 'acquire': {
        const { client: who, keys: what, ttlMs: ttl, waitMs: wait, queue, lockDelayMs } = draw;
        const call = (this.#call += 1);
        return {
          kind: 'acquire',
          client: who,
          keys: what,
          ttlMs: ttl,
          waitMs: wait,
          queue,
          lockDelayMs,
          call,
        };
      }
      case 'convert': {
        const call = (this.#call += 1);
        return {
          kind: 'convert',
          client: draw.client,
          keys: [draw.key],
          mode: draw.mode,
          waitMs: draw.waitMs,
          call,
        };
      }
      case 'release': {
        const held = tokenOf(draw.client, draw.keys[0]!);
        const token = draw.wrongToken && held !== undefined ? fencingToken(held - 1) : undefined;
        return { kind: 'release', client: draw.client, keys: draw.keys, token };
      }
      case 'renew':
        return { kind: 'renew', client: draw.client, keys: draw.keys, ttlMs: draw.ttlMs };
      case 'ticket': {
        const one = this.#one(draw.nth);
        const call = (this.#call += 1);
        return one && { kind: 'ticket', ticket: waitId(one.wait), waitMs: draw.waitMs, call };
      }
      case 'cancel': {
        const one = this.#one(draw.nth);
        if (one === undefined) return undefined;
        if (draw.byTicket) return { kind: 'cancel', ticket: waitId(one.wait) };
        return { kind: 'cancel', client: one.command.client, key: keysOf(one.command)[0]! };
      }
      case 'leave': {
        const one = this.#one(draw.nth);
        if (one === undefined) return undefined;
        const { client: who, call } = one.command;
        return { kind: 'leave', client: who, keys: keysOf(one.command), call };
      }
      default:
        return undefined;
    }
  }

  #one(n: number): Asked | undefined {
    return this.asked[this.asked.length - 1 - n];
  }

  one(n: number): Asked | undefined {
    return this.#one(n);
  }
}

export const keysOf = (command: Asked['command']): readonly string[] =>
  command.kind === 'acquire' ? command.keys.map((one) => one.key) : command.keys;
