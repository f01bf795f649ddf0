import type { Codec } from '@quorate/raft';
import { Packr } from 'msgpackr';
import { fencingToken, waitId } from './ids.ts';
import { modeAt, ordinalOf } from './modes.ts';
import type { HeldKey, LockReply } from './replies.ts';

/**
 * Replies as the table of requests keeps them. The frequent ones are lists, because there may be a
 * million of them; the rest keep their names.
 */
const packr = new Packr({ useRecords: false });

const tags = { granted: 0, renewed: 1, waiting: 2, queued: 3, released: 4, other: 5 } as const;

type Fields =
  | readonly [tag: typeof tags.granted, client: string, holds: readonly (string | number)[]]
  | readonly [tag: typeof tags.renewed, holds: readonly (string | number)[]]
  | readonly [tag: typeof tags.waiting, wait: number, untilMs: number]
  | readonly [tag: typeof tags.queued, ticket: number, position: number]
  | readonly [tag: typeof tags.released, keys: readonly string[]]
  | readonly [tag: typeof tags.other, reply: LockReply];

export const replyCodec: Codec<LockReply> = {
  encode: (reply) => packr.pack(fieldsOf(reply)),
  decode: (bytes) => replyOf(packr.unpack(bytes) as Fields),
};

function fieldsOf(reply: LockReply): Fields {
  switch (reply.kind) {
    case 'granted':
      return [tags.granted, reply.client, flatten(reply.holds)];
    case 'renewed':
      return [tags.renewed, flatten(reply.holds)];
    case 'waiting':
      return [tags.waiting, reply.wait, reply.untilMs];
    case 'queued':
      return [tags.queued, reply.ticket, reply.position];
    case 'released':
      return [tags.released, reply.keys];
    case 'held':
    case 'deadlock':
    case 'not-holder':
    case 'token-mismatch':
    case 'not-waiting':
    case 'cancelled':
    case 'left':
    case 'ended':
    case 'reserved':
    case 'deleted':
    case 'wrong-algorithm':
    case 'overloaded':
      return [tags.other, reply];
  }
}

function replyOf(fields: Fields): LockReply {
  switch (fields[0]) {
    case tags.granted:
      return { kind: 'granted', client: fields[1], holds: unflatten(fields[2]) };
    case tags.renewed:
      return { kind: 'renewed', holds: unflatten(fields[1]) };
    case tags.waiting:
      return { kind: 'waiting', wait: waitId(fields[1]), untilMs: fields[2] };
    case tags.queued:
      return { kind: 'queued', ticket: waitId(fields[1]), position: fields[2] };
    case tags.released:
      return { kind: 'released', keys: fields[1] };
    case tags.other:
      return fields[1];
  }
}

function flatten(holds: readonly HeldKey[]): (string | number)[] {
  const flat: (string | number)[] = [];
  for (const { key, mode, token, expiresAtMs } of holds) {
    flat.push(key, ordinalOf(mode), token, expiresAtMs);
  }
  return flat;
}

function unflatten(flat: readonly (string | number)[]): HeldKey[] {
  const holds: HeldKey[] = [];
  for (let at = 0; at < flat.length; at += 4) {
    const [key, mode, token, expiresAtMs] = flat.slice(at, at + 4) as [
      string,
      number,
      number,
      number,
    ];
    holds.push({ key, mode: modeAt(mode), token: fencingToken(token), expiresAtMs });
  }
  return holds;
}
